"""A run's tables on a CKAN portal: each as a file and, typed, in the portal's DataStore."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from export.published import PACKAGE, Published, Value, as_not_a_run, with_keys
from export.schema import DOCUMENT, ROWS, Field, Table
from export.store import NotARun, sha256_of
from extract.errors import ReportError

TOKEN = "RAINGAN_CKAN_TOKEN"
"""The environment variable that holds it; named in messages, never with its value."""
ORIGIN, CONTENT = "raingan", "raingan_content"
"""What we note on a resource: which of ours it is, and a digest of what it holds, once it does."""
KEY, DIGEST = "raingan_key", "raingan_digest"
"""Columns beside a table's own: what names a record in every run, and what its values come to."""
LAYOUT = "1"
"""Goes into every digest: another number sends all tables anew."""
DIGITS = 32

CHUNK_BYTES, CHUNK_RECORDS = 500_000, 1000
"""Of one request: nginx takes 1 MB where nobody told it otherwise, CKAN works 60 s at most."""
PAGE_RECORDS = 32_000
"""Asked for at once; a portal may give fewer."""
GONE_RECORDS = 500
"""Deleted at once."""
TRIES, LONGEST_WAIT_SECONDS = 6, 60
LONGEST_ANSWER = 600
"""Characters of what a portal says that a message repeats."""
TIMEOUTS_SECONDS = (15, 300)
"""To connect, and to wait for the next byte of an answer."""

TARGET = re.compile(r"ckan\+(https?)://([^/?#@\s]+)((?:/[^/?#@\s]+)*?)(?:/dataset)?/([^/?#@\s]+)/?")
LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
NAME = re.compile(r"[a-z0-9_-]{2,100}")
"""What CKAN takes as a dataset's name."""

TYPES = {
    "string": "text",
    "integer": "int8",
    "number": "numeric",
    "boolean": "bool",
    "date": "date",
    "said": "json",
}
LIST_TYPES = {"string": "text[]", "integer": "int8[]"}
NAMED_OTHERWISE = {"text[]": "_text", "int8[]": "_int8", "nested": "json"}
"""The same types as the DataStore calls them in its answers."""

ADDED = (
    ("text", KEY, "รหัสระเบียน", "Record key", "names the record, the same in every export"),
    ("text", DIGEST, "ค่าแฮชของระเบียน", "Record digest", "of its values: tells what has changed"),
)
NOTES = (
    "ข้อมูลจากรายงานของหน่วยงาน อ่านและตรวจสอบด้วย raingan: แต่ละตารางมีทั้งไฟล์ CSV "
    "และตารางที่เรียกใช้ผ่าน API ได้ พร้อมที่มาของทุกค่าและข้อสังเกต\n\n"
    "Read from agencies' reports and audited by raingan: each table as a CSV file and as a typed "
    "table behind the portal's API, with the origin of every value and with what is doubtful. "
    f"{PACKAGE} describes the files."
)
LICENCE = "cc-by"
"""As datapackage.json says it, by CKAN's own name."""
FACTS = {"data_format": "CSV", "data_language": "ไทย"}
"""Fields of the Thai GD Catalog (ckanext-thai_gdc) that follow from what is sent."""
TAG = "ITA"
RESERVED = frozenset(
    ("id", "name", "owner_org", "resources", "extras", "tags", "groups", "state", "type")
)
"""Fields of a dataset that this module answers for."""

DATASET = frozenset(("id", "name", "state", "resources"))
ANSWERED = {
    **dict.fromkeys(("package_show", "package_create", "package_patch"), DATASET),
    "datastore_create": frozenset(("resource_id",)),
    "datastore_search": frozenset(("records", "fields")),
}
"""What has to be in the answers that are read."""

Answer = dict[str, Any]
Mark = tuple[str, str]
"""What a resource is found again by: ORIGIN or its name, and the text there."""


class CannotSend(ReportError):
    """The portal could not be reached, or did not take what it was sent."""

    exit_code = 5


class NotThere(CannotSend):
    """The portal has no such dataset, resource or table."""


class NoSuchAction(CannotSend):
    """The portal lacks the extension that the action is of."""


class TooLarge(CannotSend):
    """The request or the file is larger than the portal takes."""


class Denied(CannotSend):
    """The portal does not let the token's user do this."""


class Rejected(CannotSend):
    """The portal found fault with what it was sent."""

    fields: frozenset[str] = frozenset()


class Busy(CannotSend):
    """The portal asks to come back later."""

    seconds: float | None = None


class WrongTarget(ReportError):
    """The address, the token or a field is not one to send with."""

    exit_code = 2


class NoCkan(ReportError):
    """The library that speaks to portals is not installed."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class SentTable:
    """What became of a table in the DataStore."""

    name: str
    records: int
    """In the run, and now in the portal's table."""
    written: int
    """New or changed ones, which were sent."""
    removed: int
    """Those that the run does not have any more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What an export came to."""

    page: str
    """The dataset's address."""
    is_new: bool
    files: tuple[str, ...]
    """Those that were sent; the others were there."""
    tables: tuple[SentTable, ...]
    """Empty where the portal has no DataStore."""
    notes: tuple[str, ...]
    """What a person should know, a sentence each."""


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal, and how it is asked."""

    address: str
    token: str = field(repr=False)
    remote: Any
    """ckanapi's."""
    wait: Callable[[float], None]


def publish_dataset(
    published: Published,
    url: str,
    token: str,
    *,
    organisation: str = "",
    fields: Mapping[str, str] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Sent:
    """Create or update the dataset at `ckan+https://host/name`, so that it holds what the run has.

    What is there already is not sent again. After a failure the same call goes on: a table or file
    is noted as complete after it is. `fields` are further ones of the dataset, by CKAN's names;
    where the portal's form has none of the name, it becomes an extra. What people changed on the
    portal's pages stays, unless `fields` says otherwise.
    """
    address, name = portal_of(url)
    token, wanted = token.strip(), dict(fields or {})
    if not token.isascii() or not token.isprintable() or not token:
        raise WrongTarget(
            f"a portal takes data only with a token: set {TOKEN} to one that the page of your "
            "account on the portal makes (API tokens)"
        )
    if wrong := sorted(RESERVED & wanted.keys()):
        raise WrongTarget(f"{', '.join(wrong)}: no field to set; raingan fills it itself")
    if edited := published.edited():
        raise NotARun(
            f"{published.out}: {', '.join(edited)} not as raingan wrote it; "
            "run convert again, and correct values in `raingan review`"
        )
    with connected(address, token, wait) as portal:
        dataset, is_new = _dataset(portal, published, name, organisation, wanted)
        return _send(portal, published, dataset, is_new)


def portal_of(url: str) -> tuple[str, str]:
    """The portal's own address and the dataset's name.

    >>> portal_of("ckan+https://data.example.go.th/ita-2568")
    ('https://data.example.go.th', 'ita-2568')
    >>> portal_of("ckan+https://example.go.th/catalog/dataset/ita-2568")
    ('https://example.go.th/catalog', 'ita-2568')
    """
    if "@" in url:
        raise WrongTarget(f"the address of a portal has no user or password in it; use {TOKEN}")
    found = TARGET.fullmatch(url)
    if not found:
        raise WrongTarget(f"{url}: not an address; write ckan+https://HOST/DATASET")
    scheme, host, root, name = found.groups()
    if scheme == "http" and not LOOPBACK.fullmatch(host):
        raise WrongTarget(
            f"{url}: http would show the token to everyone on the way; use ckan+https"
        )
    if not NAME.fullmatch(name):
        raise WrongTarget(
            f"{name}: no name for a dataset; use 2 to 100 of a-z, 0-9, - and _ (its title may be "
            "Thai: --set title=…)"
        )
    return f"{scheme}://{host}{root}", name


@contextmanager
def connected(address: str, token: str, wait: Callable[[float], None]) -> Iterator[Portal]:
    """A portal to ask, until the block ends."""
    try:
        import requests
        from ckanapi import RemoteCKAN
    except ImportError as error:
        raise NoCkan("sending to a portal needs ckanapi: pip install 'raingan[ckan]'") from error
    host = address.split("://")[1].split("/")[0]
    with requests.Session() as session:
        # a .netrc would replace the token, and no proxy leads to this machine
        session.auth = lambda request: request
        session.trust_env = not LOOPBACK.fullmatch(host)
        remote = RemoteCKAN(address, apikey=token, user_agent="raingan", session=session)
        portal = Portal(address, token, remote, wait)
        session.hooks["response"] = [lambda answer, **_: _look_at(portal, answer)]
        yield portal


def ask(portal: Portal, action: str, values: Answer, file: Path | None = None) -> Any:
    """One action of the portal's API. A busy portal is asked again a few times."""
    for attempt in range(TRIES - 1):
        try:
            return _ask_once(portal, action, values, file)
        except Busy as busy:
            seconds = 2.0**attempt if busy.seconds is None else busy.seconds
            if seconds > LONGEST_WAIT_SECONDS:
                raise
            portal.wait(seconds)
    return _ask_once(portal, action, values, file)


def _ask_once(portal: Portal, action: str, values: Answer, file: Path | None) -> Any:
    from ckanapi import errors
    from requests import exceptions

    def line(text: str) -> str:
        return _line(portal, action, text)

    try:
        if file is None:
            return _call(portal, action, values, None)
        with as_not_a_run(file):
            handle = file.open("rb")
        with handle:
            return _call(portal, action, values, {"upload": (file.name, handle)})
    except errors.NotFound as error:
        raise NotThere(line("not found")) from error
    except errors.NotAuthorized as error:
        said = _in_words(error.extra_msg)
        raise Denied(line(f"the owner of the token ({TOKEN}) may not do this; {said}")) from error
    except errors.ValidationError as error:
        rejected = Rejected(line(_in_words(error.error_dict)))
        rejected.fields = frozenset(error.error_dict)
        raise rejected from error
    except (errors.CKANAPIError, errors.ServerIncompatibleError, KeyError) as error:
        raise CannotSend(line(f"its answer is not CKAN's: {error}")) from error
    except exceptions.SSLError as error:
        trust = "no trusted connection: its certificate is of no authority known here, which "
        trust += "REQUESTS_CA_BUNDLE can change, or it speaks no TLS"
        raise CannotSend(line(f"{trust} ({_reason(error)})")) from error
    except exceptions.RequestException as error:
        what = f"the connection failed while {file.name} was sent" if file else "no connection"
        advice = "look at the address, then repeat the same command"
        raise CannotSend(line(f"{what}; {advice} ({_reason(error)})")) from error


def _reason(error: Exception) -> object:
    """What went wrong below, without the address and the count of tries around it."""
    inner = error.args[0] if error.args else error
    return getattr(inner, "reason", inner)


def _call(portal: Portal, action: str, values: Answer, files: Any) -> Any:
    how = {"timeout": TIMEOUTS_SECONDS}
    result = portal.remote.call_action(action, values, files=files, requests_kwargs=how)
    needed = ANSWERED.get(action, frozenset())
    if needed and not (isinstance(result, dict) and needed <= result.keys()):
        raise KeyError(", ".join(sorted(needed)))
    return result


def _look_at(portal: Portal, answer: Any) -> None:
    """Raise for an answer that is no word of CKAN's; ckanapi reads the others."""
    action = answer.url.rsplit("/", 1)[-1]
    status, kind = answer.status_code, answer.headers.get("Content-Type", "no type")

    def line(text: str) -> str:
        return _line(portal, action, text)

    if status == 413:
        raise TooLarge(line("it takes no request of that size (413)"))
    if status in (429, 503):
        after = answer.headers.get("Retry-After", "")
        busy = Busy(line(f"it is busy ({status}); repeat the same command later"))
        # a date is not read, since clocks differ
        busy.seconds = float(after) if after.isdecimal() and len(after) < 8 else None
        raise busy
    if 300 <= status < 400:
        place = answer.headers.get("Location")
        raise CannotSend(line(f"it sends on to {place}; give the address that it has now"))
    if status >= 500:
        raise CannotSend(
            line(f"it failed ({status}); repeat the same command, it goes on where this one was")
        )
    if "json" not in kind:
        raise CannotSend(
            line(
                f"no CKAN portal answers there ({status}, {kind}); the address is "
                "ckan+https://HOST/DATASET, with the portal's own path before DATASET if it has one"
            )
        )
    if status == 400 and action in answer.text and isinstance(answer.json(), str):
        raise NoSuchAction(line("it does not know this action: an extension is not installed"))


def _line(portal: Portal, action: str, text: str) -> str:
    """One line without the token, whatever the portal put into its answer."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    plain = plain.replace(portal.token, "…")
    return f"{portal.address} ({action}): {plain[:LONGEST_ANSWER]}"


def _in_words(errors: Any) -> str:
    """What CKAN says of each field, in one line."""
    match errors:
        case dict():
            texts = (
                f"{name}: {_in_words(value)}" for name, value in errors.items() if name != "__type"
            )
            return "; ".join(texts)
        case list():
            return ", ".join(_in_words(one) for one in errors if one)
        case _:
            return str(errors)


def _dataset(
    portal: Portal, published: Published, name: str, organisation: str, fields: Mapping[str, str]
) -> tuple[Answer, bool]:
    """The dataset as the portal has it then, and whether it is new."""
    try:
        dataset = ask(portal, "package_show", {"id": name})
    except NotThere:
        dataset = {"state": "deleted"}
    if is_new := dataset["state"] == "deleted":
        dataset = _created(portal, published, name, organisation, fields)
    else:
        home = dataset.get("organization") or {}
        if organisation and organisation not in (home.get("name"), home.get("id")):
            with _organisations(portal, organisation):
                moved = {"id": dataset["id"], "owner_org": organisation}
                dataset = ask(portal, "package_patch", moved)
    return _with_fields(portal, dataset, fields), is_new


def _created(
    portal: Portal, published: Published, name: str, organisation: str, fields: Mapping[str, str]
) -> Answer:
    path = published.out / PACKAGE
    with as_not_a_run(path):
        package = json.loads(path.read_text("utf-8"))
    values = {"name": name, "title": package["title"], "notes": NOTES, "license_id": LICENCE}
    if ROWS in published.tables and next(published.records(ROWS), None) is not None:
        values["tag_string"] = TAG
    if organisation:
        values["owner_org"] = organisation
    with _organisations(portal, organisation):
        created: Answer = ask(portal, "package_create", values | FACTS | dict(fields))
    return created


@contextmanager
def _organisations(portal: Portal, organisation: str) -> Iterator[None]:
    """Say which organisations there are to choose from, where the one given does not do."""
    try:
        yield
    except Rejected as error:
        if "name" in error.fields:
            raise Rejected(f"{error}; a deleted dataset may hold the name: purge it") from error
        if "owner_org" not in error.fields:
            raise Rejected(f"{error} (--set NAME=VALUE gives a field)") from error
        raise _choice(portal, organisation, error) from error
    except Denied as error:
        raise _choice(portal, organisation, error) from error


def _choice(portal: Portal, organisation: str, error: CannotSend) -> ReportError:
    those = ask(portal, "organization_list_for_user", {"permission": "create_dataset"})
    if not those:
        return Denied(f"{error} (the token is not known, or its owner belongs to no organisation)")
    if organisation in {one["name"] for one in those}:
        return error
    names = ", ".join(f"{one['name']} ({one.get('title') or '-'})" for one in those)
    given = f", not {organisation}" if organisation else ""
    text = f"--organisation has to be one of {names}{given}"
    return WrongTarget(_line(portal, "organization_list_for_user", text))


def _with_fields(portal: Portal, dataset: Answer, fields: Mapping[str, str]) -> Answer:
    """Set the fields that say something else; what the portal's form does not have are extras."""
    extras = {one["key"]: one["value"] for one in dataset.get("extras", ())}
    other = {name: text for name, text in fields.items() if not _has(dataset, extras, name, text)}
    if known := {name: text for name, text in other.items() if name not in extras}:
        with _organisations(portal, ""):
            dataset = ask(portal, "package_patch", {"id": dataset["id"], **known})
    further = {n: text for n, text in other.items() if n not in dataset and n != "tag_string"}
    if further:
        pairs = [{"key": key, "value": value} for key, value in (extras | further).items()]
        dataset = ask(portal, "package_patch", {"id": dataset["id"], "extras": pairs})
    return dataset


def _has(dataset: Answer, extras: Mapping[str, str], name: str, text: str) -> bool:
    if name == "tag_string":
        return {tag["name"] for tag in dataset.get("tags", ())} == {
            tag.strip() for tag in text.split(",") if tag.strip()
        }
    match dataset.get(name, extras.get(name)):
        case bool() as value:
            return str(value).lower() == text.lower()
        case list() as values:
            return values == [text]
        case value:
            return bool(value == text)


def _send(portal: Portal, published: Published, dataset: Answer, is_new: bool) -> Sent:
    there: dict[Mark, Answer] = {}
    notes: list[str] = []
    for resource in dataset["resources"]:
        mark = ORIGIN if resource.get(ORIGIN) else "name"
        place = resource.get(mark) or ""
        if (mark, place) in there and mark == ORIGIN:
            notes.append(f"two resources are {place}: the second is left; delete it on the portal")
        there.setdefault((mark, place), resource)
    files: list[str] = []
    tables: list[SentTable] = []
    expected = {PACKAGE}
    has_datastore = True
    for table in published.tables:
        name, path = f"{table.title_th} / {table.title_en}", published.out / f"{table.name}.csv"
        expected |= {path.name, table.name}
        about = f"ไฟล์ CSV ของตาราง{name}: {table.description}"
        names = (path.name, f"{path.name}: {name}", about, "CSV")
        files += _send_file(portal, dataset, path, there, names, notes)
        if has_datastore:
            try:
                tables.append(_send_table(portal, published, table, dataset, there))
            except NoSuchAction:
                has_datastore = False
                notes.append("the portal has no DataStore: the files were sent, no table behind it")
    about = "คำอธิบายไฟล์ทั้งหมดสำหรับโปรแกรม / Describes the files: types, titles, keys, hashes"
    names = (PACKAGE, f"{PACKAGE}: คำอธิบายข้อมูล / Data package", about, "JSON")
    files += _send_file(portal, dataset, published.out / PACKAGE, there, names, notes)
    for mark, place in there:
        if mark == ORIGIN and place not in expected:
            notes.append(f"{place} is left on the portal: this run has no such table")
    page = f"{portal.address}/dataset/{dataset['name']}"
    return Sent(page, is_new, tuple(files), tuple(tables), tuple(notes))


def _ours(there: Mapping[Mark, Answer], origin: str, name: str) -> Answer | None:
    """The resource that we made: by our mark, or our name where a portal keeps no marks."""
    return there.get((ORIGIN, origin)) or there.get(("name", name))


def _send_file(
    portal: Portal,
    dataset: Answer,
    path: Path,
    there: Mapping[Mark, Answer],
    names: tuple[str, str, str, str],
    notes: list[str],
) -> Iterator[str]:
    """Send a file that is not there as it is, and give its name then."""
    origin, name, description, kind = names
    resource = _ours(there, origin, name)
    with as_not_a_run(path):
        digest, size = sha256_of(path), path.stat().st_size
    if resource and resource.get(CONTENT) == digest:
        return
    values = {ORIGIN: origin, CONTENT: digest, "hash": f"sha256:{digest}"}
    try:
        if resource:
            ask(portal, "resource_patch", {"id": resource["id"], **values}, path)
        else:
            values |= {"package_id": dataset["id"], "format": kind}
            values |= {"name": name, "description": description}
            ask(portal, "resource_create", values, path)
    except (TooLarge, Rejected) as error:
        if isinstance(error, Rejected) and "upload" not in error.fields:
            raise
        stands = "; the file there is of an earlier export" if resource else ""
        notes.append(f"{origin} was not taken ({size:,} bytes): {error}{stands}")
        return
    yield origin


def _send_table(
    portal: Portal,
    published: Published,
    table: Table,
    dataset: Answer,
    there: Mapping[Mark, Answer],
) -> SentTable:
    """Make the portal's table equal to the run's.

    The digest of its content is taken off before the first change and put back after the last, so
    what a broken export left is never taken for whole: not even by one of the content before it.
    """
    columns = [*map(_column, table.fields), *(_described(*one) for one in ADDED)]
    digest, count = _content(published, table, columns)
    titles = f"{table.title_th} / {table.title_en}"
    name = f"{table.name}: {titles} (API)"
    resource = _ours(there, table.name, name)
    before: dict[str, str] = {}
    shape: Answer = {
        "fields": columns,
        "primary_key": [KEY],
        "indexes": [one.name for one in table.fields if one.name == DOCUMENT.name],
        "force": True,
    }
    if resource is None:
        text = f"ตาราง{titles} สำหรับเรียกใช้ผ่าน API: {table.description}"
        about = {"name": name, "description": text, ORIGIN: table.name}
        shape["resource"] = about | {"package_id": dataset["id"]}
        resource_id = ask(portal, "datastore_create", shape)["resource_id"]
    else:
        resource_id = resource["id"]
        this = {"resource_id": resource_id, "force": True}
        state = _state(portal, resource_id)
        is_same = state is not None and _types(state["fields"]) == _types(columns)
        if state and is_same and state.get("total") == count and resource.get(CONTENT) == digest:
            return SentTable(table.name, count, 0, 0)
        if resource.get(CONTENT):
            ask(portal, "resource_patch", {"id": resource_id, CONTENT: ""})
        if state and not is_same:  # the DataStore cannot change a column's type
            ask(portal, "datastore_delete", this)
        ask(portal, "datastore_create", shape | this)
        if is_same:
            before = _sent_before(portal, resource_id)
    written = 0
    for chunk in _chunks(_changed(published, table, before)):
        _upsert(portal, resource_id, chunk)
        written += len(chunk)
    gone = list(before)
    for start in range(0, len(gone), GONE_RECORDS):
        filters = {KEY: gone[start : start + GONE_RECORDS]}
        these = {"resource_id": resource_id, "filters": filters, "force": True}
        ask(portal, "datastore_delete", these)
    state = _state(portal, resource_id)
    total = state and state.get("total")
    if total != count:
        raise CannotSend(
            f"{portal.address}: the table {table.name} has {total or 0} records and should have "
            f"{count}: somebody else changed it meanwhile; repeat the same command"
        )
    ask(portal, "resource_patch", {"id": resource_id, ORIGIN: table.name, CONTENT: digest})
    return SentTable(table.name, count, written, len(gone))


def _column(of: Field) -> Answer:
    kind = LIST_TYPES[of.item] if of.type == "list" else TYPES[of.type]
    return _described(kind, of.name, of.title_th, of.title_en, of.description)


def _described(kind: str, name: str, thai: str, english: str, description: str) -> Answer:
    notes = f"{thai} / {english}: {description}"
    return {"id": name, "type": kind, "info": {"label": thai, "notes": notes}}


def _types(columns: Iterable[Answer]) -> list[tuple[str, str]]:
    """Names and types, by the DataStore's names for them, without the column that it adds."""
    pairs = [(str(one["id"]), str(one["type"])) for one in columns]
    return [(name, NAMED_OTHERWISE.get(kind, kind)) for name, kind in pairs if name != "_id"]


def _state(portal: Portal, resource_id: str) -> Answer | None:
    """Fields and total of a table; None where the resource has none."""
    try:
        state: Answer = ask(portal, "datastore_search", {"resource_id": resource_id, "limit": 0})
    except NotThere:
        return None
    return state


def _sent_before(portal: Portal, resource_id: str) -> dict[str, str]:
    """The digest of every record there, by key."""
    found: dict[str, str] = {}
    asked: Answer = {"resource_id": resource_id, "fields": [KEY, DIGEST], "sort": "_id"}
    asked |= {"records_format": "lists", "include_total": False, "limit": PAGE_RECORDS}
    while True:
        page = ask(portal, "datastore_search", asked | {"offset": len(found)})
        found.update(page["records"])
        if len(page["records"]) < page.get("limit", PAGE_RECORDS) or not page["records"]:
            return found


def _content(published: Published, table: Table, columns: Sequence[Answer]) -> tuple[str, int]:
    """A digest of a table with its columns, and how many records it has."""
    digest, count = hashlib.sha256(json.dumps([LAYOUT, columns]).encode()), 0
    for record in _records(published, table):
        digest.update(f"{record[KEY]}{record[DIGEST]}".encode())
        count += 1
    return digest.hexdigest(), count


def _records(published: Published, table: Table) -> Iterator[Answer]:
    """A table's records as the DataStore takes them."""
    for key, record in with_keys(table, published.records(table)):
        sent = {one.name: _sent_value(record[one.name]) for one in table.fields}
        # a digest, since no index takes names of any length and a key may have any character
        sent[KEY] = _digest([record[DOCUMENT.name], key])
        sent[DIGEST] = _digest(list(sent.values()))
        yield sent


def _digest(values: Sequence[Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _sent_value(value: Value) -> Any:
    """What JSON can hold of it. A number is text: CKAN would read it as a binary fraction."""
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return value


def _changed(published: Published, table: Table, before: dict[str, str]) -> Iterator[Answer]:
    """The records that are not there as they are; what is left in `before` then is gone."""
    for record in _records(published, table):
        if before.pop(record[KEY], None) != record[DIGEST]:
            yield record


def _chunks(records: Iterable[Answer]) -> Iterator[list[Answer]]:
    """As many records as one request should hold."""
    chunk: list[Answer] = []
    size = 0
    for record in records:
        length = len(json.dumps(record))
        if chunk and (size + length > CHUNK_BYTES or len(chunk) == CHUNK_RECORDS):
            yield chunk
            chunk, size = [], 0
        chunk.append(record)
        size += length
    if chunk:
        yield chunk


def _upsert(portal: Portal, resource_id: str, records: list[Answer]) -> None:
    """Write records; in halves where the portal takes no request of that size."""
    how = {"resource_id": resource_id, "method": "upsert", "force": True}
    try:
        ask(portal, "datastore_upsert", how | {"records": records})
    except TooLarge as error:
        if len(records) == 1:
            raise TooLarge(f"{error}; one record of {records[0][DOCUMENT.name]} is") from error
        middle = len(records) // 2
        _upsert(portal, resource_id, records[:middle])
        _upsert(portal, resource_id, records[middle:])
