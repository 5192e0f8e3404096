"""A CKAN portal on this machine for tests, and a door before any portal that can be made to fail.

The portal answers the action API as docs.ckan.org describes it, in the words of CKAN 2.12; the
same tests have been run against a real one. It is stricter: parameters and columns that it does
not know are refused where CKAN overlooks them.
"""

import json
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from email.parser import BytesParser
from email.policy import HTTP
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TOKEN = "eyJ-token-of-an-editor"
JSON, HTML = "application/json;charset=utf-8", "text/html; charset=utf-8"
PAGE = b"<!doctype html><title>not the API</title>"


class Answer(NamedTuple):
    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Fault(NamedTuple):
    """What becomes of a request; status 0 cuts the connection."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    is_done: bool = False
    """The portal has done what it was asked; only its answer is lost."""


Respond = Callable[[str, dict[str, str], bytes], Answer]


class Door:
    """A loopback server before a portal, with a list of what came and what is to go wrong."""

    def __init__(self, respond: Respond, root: str = "") -> None:
        self.respond, self.root = respond, root
        self.calls: list[str] = []
        self.largest = 1 << 40
        """Bytes of a request; a larger one is answered with 413, as nginx does."""
        self._faults: dict[tuple[str, int], Fault] = {}
        self._seen: Counter[str] = Counter()
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer: two wait for each other
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                door._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}{root}"

    def fail(self, action: str, number: int, fault: Fault) -> None:
        """Let the request for an action go wrong; the next one has the number 1."""
        self._faults[action, self._seen[action] + number] = fault

    def forget(self) -> None:
        self.calls.clear()
        self._faults.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        path = re.fullmatch(re.escape(self.root) + r"/api/(?:3/)?action/(\w+)", handler.path)
        action = path[1] if path else ""
        self.calls.append(action)
        self._seen[action] += 1
        fault = self._faults.get((action, self._seen[action]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        answer = Answer(404, HTML, PAGE)
        if len(body) > self.largest:
            answer = Answer(413, HTML, PAGE)
        elif path and (fault is None or fault.is_done):
            answer = self.respond(action, headers, body)
        if fault and not fault.status:
            handler.close_connection = True
            return
        if fault:
            answer = Answer(fault.status, HTML, PAGE, fault.headers)
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.kind)
        handler.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body)
        handler.wfile.flush()


def forwarded(url: str) -> Respond:
    """Hand requests on to another portal, which may be a real one."""
    place = urlsplit(url)

    def respond(action: str, headers: dict[str, str], body: bytes) -> Answer:
        kept = {
            name: headers[name] for name in ("authorization", "content-type") if name in headers
        }
        connection = HTTPConnection(place.netloc, timeout=120)
        connection.request("POST", f"{place.path.rstrip('/')}/api/action/{action}", body, kept)
        got = connection.getresponse()
        answer = Answer(got.status, got.headers.get("Content-Type", ""), got.read())
        connection.close()
        return answer

    return respond


# ------------------------------------------------------------------ the portal


class Refusal(Exception):
    def __init__(self, status: int, **error: Any) -> None:
        kind = {403: "Authorization Error", 404: "Not Found Error", 409: "Validation Error"}
        self.status, self.error = status, error | {"__type": kind[status]}


class Asked(NamedTuple):
    """A field of a portal's own form, as ckanext-scheming adds it."""

    is_required: bool = False
    is_many: bool = False


@dataclass
class Table:
    columns: list[dict[str, Any]]
    key: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    last: int = 0


@dataclass
class Ckan:
    """What the portal holds, and how it was set up."""

    organisations: dict[str, str] = field(default_factory=lambda: {"test-org": "เทศบาลตำบลทดสอบ"})
    editors: dict[str, tuple[str, ...]] = field(default_factory=lambda: {TOKEN: ("test-org",)})
    """Tokens, and the organisations that their owner may edit."""
    form: dict[str, Asked] = field(default_factory=dict)
    has_datastore: bool = True
    keeps_marks: bool = True
    """Whether a resource may have extras."""
    largest_file: int = 10 << 20
    rows_max: int = 32_000
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """What was uploaded, by the resource's id."""
    tables: dict[str, Table] = field(default_factory=dict)

    def respond(self, action: str, headers: dict[str, str], body: bytes) -> Answer:
        if action not in ACTIONS or (action.startswith("datastore") and not self.has_datastore):
            text = json.dumps(f"Bad request: Action name not known: {action}")
            return Answer(400, JSON, text.encode())
        function, known = ACTIONS[action]
        token = headers.get("authorization", "")
        told: dict[str, Any] = {"help": f"help_show?name={action}"}
        try:
            values = parsed(headers.get("content-type", ""), body)
            if known and (junk := sorted(values.keys() - known)):
                raise Refusal(409, __extras=[f'invalid value "{junk[0]}"'])
            result = function(self, token if token in self.editors else "", values)
            told |= {"success": True, "result": result}
            return Answer(200, JSON, written(told).encode())
        except Refusal as refusal:
            told |= {"success": False, "error": refusal.error}
            return Answer(refusal.status, JSON, written(told).encode())


def parsed(kind: str, body: bytes) -> dict[str, Any]:
    if kind.startswith("application/json"):
        values = json.loads(body)
        assert isinstance(values, dict)
        return values
    assert kind.startswith("multipart/form-data")
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found: dict[str, Any] = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        found[str(name)] = content if part.get_filename() else content.decode()
        if part.get_filename():
            found["upload_name"] = part.get_filename()
    return found


def written(value: Any) -> str:
    """JSON in which a number keeps the digits that it has, as PostgreSQL writes it."""
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return f'"{value.isoformat()}"'
        case dict():
            return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(written, value)) + "]"
        case _:
            return json.dumps(value)


# ------------------------------------------------------------------ datasets


def found(portal: Ckan, token: str, name: Any, to_write: bool = False) -> dict[str, Any]:
    those = [p for p in portal.packages.values() if name in (p["id"], p["name"])]
    if not those:
        raise Refusal(404, message="Not found")
    package = max(those, key=lambda one: one["state"] == "active")
    may = package["owner_org"] in portal.editors.get(token, ())
    if not may and (to_write or package["state"] == "deleted"):
        raise Refusal(403, message=f"Access denied: not authorized to edit {package['id']}")
    return package


def package_show(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    package = found(portal, token, values.get("id"))
    home = package["owner_org"]
    organisation = home and {"id": f"id-{home}", "name": home, "title": portal.organisations[home]}
    return package | {"owner_org": home and f"id-{home}", "organization": organisation}


def package_create(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    home = values.get("owner_org")
    if not portal.editors.get(token):
        raise Refusal(403, message="Access denied: User  not authorized to create packages")
    if home and home not in portal.editors[token]:
        raise Refusal(403, message="Access denied: not authorized to add to this organization")
    package = {"id": str(uuid.uuid4()), "state": "active", "extras": [], "tags": []}
    package |= {"private": False, "title": None, "notes": None, "license_id": None}
    package |= {"type": "dataset", "resources": [], "owner_org": None, "maintainer": None}
    taken = {p["name"] for p in portal.packages.values() if p["state"] == "active"}
    error = {}
    if not home:
        error["owner_org"] = ["An organization must be provided"]
    if not re.fullmatch("[a-z0-9_-]{2,100}", str(values.get("name"))):
        error["name"] = ["Must be purely lowercase alphanumeric (ascii) characters and -_"]
    if values.get("name") in taken:
        error["name"] = ["That URL is already in use."]
    keep(portal, package, values, error)
    portal.packages[package["id"]] = package
    return package_show(portal, token, {"id": package["id"]})


def package_patch(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    package = found(portal, token, values.get("id"), to_write=True)
    home = values.get("owner_org", package["owner_org"])
    error = {}
    if home not in portal.organisations:
        error["owner_org"] = ["Organization does not exist"]
    elif home not in portal.editors[token]:
        error["owner_org"] = ["You cannot add a dataset to this organization"]
    changed = dict(package)
    keep(portal, changed, values, error)
    package |= changed
    return package_show(portal, token, {"id": package["id"]})


def keep(
    portal: Ckan, package: dict[str, Any], values: dict[str, Any], error: dict[str, Any]
) -> None:
    """Take over the values; what is of no form is overlooked, as CKAN does."""
    for name, asked in portal.form.items():
        value = values.get(name, package.get(name))
        if asked.is_required and not value:
            error[name] = ["Missing value"]
        elif value is not None:
            package[name] = [value] if asked.is_many and isinstance(value, str) else value
    tags = values.get("tags") or [{"name": t} for t in values.get("tag_string", "").split(",") if t]
    if wrong := [tag["name"] for tag in tags if not re.fullmatch(r"[\w \-.]{2,100}", tag["name"])]:
        error["tags"] = [f'Tag "{wrong[0]}" can only contain alphanumeric characters']
    if tags:
        package["tags"] = [{"name": tag["name"], "display_name": tag["name"]} for tag in tags]
    if "extras" in values:
        names = [one["key"] for one in values["extras"]]
        if len(set(names)) < len(names) or set(names) & portal.form.keys():
            error["extras"] = [{"key": ["There is a schema field with the same name"]}]
        package["extras"] = [{"key": e["key"], "value": e["value"]} for e in values["extras"]]
    for name in ("name", "title", "notes", "license_id", "owner_org", "maintainer"):
        package[name] = values.get(name, package.get(name))
    if "private" in values:
        package["private"] = str(values["private"]).lower() in ("true", "1", "yes")
    if error:
        raise Refusal(409, **error)


def package_delete(portal: Ckan, token: str, values: dict[str, Any]) -> None:
    found(portal, token, values.get("id"), to_write=True)["state"] = "deleted"


def organization_list_for_user(
    portal: Ckan, token: str, values: dict[str, Any]
) -> list[dict[str, Any]]:
    homes = portal.editors.get(token, ())
    return [{"id": f"id-{n}", "name": n, "title": portal.organisations[n]} for n in homes]


# ------------------------------------------------------------------ resources


def resource_of(
    portal: Ckan, token: str, name: Any, to_write: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    for package in portal.packages.values():
        for resource in package["resources"]:
            if resource["id"] == name:
                return found(portal, token, package["id"], to_write), resource
    raise Refusal(404, message="Not found")


def resource_create(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    if not values.get("package_id"):
        raise Refusal(409, package_id=["Missing value"])
    package = found(portal, token, values["package_id"], to_write=True)
    resource = {"id": str(uuid.uuid4()), "package_id": package["id"], "state": "active"}
    resource |= {"name": None, "description": None, "format": "", "hash": "", "url": ""}
    resource |= {"url_type": None, "datastore_active": False}
    take(portal, resource, values)
    package["resources"].append(resource)
    return resource


def resource_patch(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    _, resource = resource_of(portal, token, values.get("id"))
    take(portal, resource, values)
    return resource


def take(portal: Ckan, resource: dict[str, Any], values: dict[str, Any]) -> None:
    """Take over what a resource says; names that CKAN does not know are its extras."""
    told = {n: v for n, v in values.items() if n not in ("upload", "upload_name", "package_id")}
    if wrong := [name for name, value in told.items() if isinstance(value, list | dict)]:
        raise Refusal(409, **{wrong[0]: ["Must be a string"]})
    if "upload" in values:
        if len(values["upload"]) > portal.largest_file:
            raise Refusal(409, upload=["File upload too large"])
        portal.files[resource["id"]] = values["upload"]
        place = f"/dataset/x/resource/{resource['id']}/download/{values['upload_name']}"
        resource |= {"url_type": "upload", "url": place, "size": len(values["upload"])}
    for name, value in told.items():
        if name != "id" and (name in resource or portal.keeps_marks):
            resource[name] = value


# ------------------------------------------------------------------ the DataStore

TYPES = {"text", "int4", "int8", "numeric", "bool", "date", "timestamp", "json"}
LISTS = {"text[]": "_text", "int4[]": "_int4", "int8[]": "_int8"}


def datastore_create(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    if ("resource" in values) == ("resource_id" in values):
        raise Refusal(409, resource=["resource cannot be used with resource_id"])
    columns = values.get("fields", [])
    if "resource" in values:
        told = dict(values["resource"])
        made = resource_create(portal, token, told)
        made |= {"url_type": "datastore", "url": f"/datastore/dump/{made['id']}"}
        resource_id = made["id"]
    else:
        resource_id = values["resource_id"]
    _, resource = resource_of(portal, token, resource_id)
    writable(resource, values)
    names = [one.get("id") for one in columns]
    for one in columns:
        if one.keys() - {"id", "type", "info"} or not {"id", "type"} <= one.keys():
            raise Refusal(409, fields=[f"{one}: keys"])
        if one["type"] not in TYPES | LISTS.keys():
            raise Refusal(409, fields=[f'"{one["type"]}" is not a valid field type'])
        if not re.fullmatch('[^_\\s"][^"]{0,62}', one["id"]):
            raise Refusal(409, fields=[{"id": [f'"{one["id"]}" is not a valid field name']}])
        if not isinstance(one.get("info", {}), dict):
            raise Refusal(409, fields=["info is no dictionary"])
    if len(set(names)) < len(names):
        raise Refusal(409, field=["Duplicate column names are not supported"])
    if unknown := {*values.get("primary_key", []), *values.get("indexes", [])} - set(names):
        raise Refusal(409, index=[f'The field "{unknown}" is not a valid column name.'])
    table = portal.tables.setdefault(resource_id, Table([]))
    types = {one["id"]: one for one in columns}
    for at, old in enumerate(table.columns):
        if at >= len(names) or names[at] != old["id"]:
            raise Refusal(409, fields=[f'Supplied field "{names[at:][:1]}" in wrong order'])
        old["info"] = types[old["id"]].get("info", old.get("info"))  # but never its type
    table.columns += columns[len(table.columns) :]
    table.key, table.indexes = values.get("primary_key", []), values.get("indexes", [])
    resource["datastore_active"] = True
    return {"resource_id": resource_id, "method": "insert", "fields": columns}


def writable(resource: dict[str, Any], values: dict[str, Any]) -> None:
    if resource["url_type"] != "datastore" and not values.get("force"):
        raise Refusal(409, **{"read-only": ["Cannot edit read-only resource"]})


def table_of(portal: Ckan, token: str, values: dict[str, Any], to_write: bool = True) -> Table:
    _, resource = resource_of(portal, token, values.get("resource_id"), to_write)
    if to_write:
        writable(resource, values)
    if resource["id"] not in portal.tables:
        raise Refusal(404, message=f'Not found: Resource "{resource["id"]}" was not found.')
    return portal.tables[resource["id"]]


def datastore_upsert(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    table = table_of(portal, token, values)
    if values.get("method", "upsert") != "upsert":
        raise Refusal(409, method=["Value must be one of ['upsert']: no other is needed here"])
    if not table.key:
        raise Refusal(409, table=["unique key must be passed for update/upsert"])
    types = {one["id"]: one["type"] for one in table.columns}
    places = {tuple(row[n] for n in table.key): at for at, row in table.rows.items()}
    rows, last = dict(table.rows), table.last
    for number, record in enumerate(values["records"]):
        if extra := record.keys() - types:
            raise Refusal(409, fields=[f'fields "{", ".join(sorted(extra))}" do not exist'])
        if missing := [name for name in table.key if name not in record]:
            raise Refusal(409, key=[f'fields "{missing}" are missing but needed as key'])
        sent = {name: stored(types[name], value, number) for name, value in record.items()}
        key = tuple(sent[name] for name in table.key)
        if key not in places:
            last += 1
            places[key] = last
            rows[last] = dict.fromkeys(types)
        rows[places[key]] = rows[places[key]] | sent
    table.rows, table.last = rows, last
    return {"resource_id": values["resource_id"], "method": "upsert"}


def stored(kind: str, value: Any, number: int) -> Any:
    """What a column of PostgreSQL makes of a JSON value."""
    wrong = Refusal(409, records=[f"invalid input for {kind}: {value!r}"], records_row=number)
    match kind, value:
        case _, None:
            return None
        case "text", str() if "\0" not in value:
            return value
        case (("int4" | "int8"), int()) if not isinstance(value, bool):
            if abs(value) < 1 << (31 if kind == "int4" else 63):
                return value
        case "numeric", str() | int() | float() if not isinstance(value, bool):
            try:
                return Decimal(str(value))
            except InvalidOperation:
                raise wrong from None
        case "bool", bool():
            return value
        case "date", str():
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise wrong from None
        case (("text[]" | "int4[]" | "int8[]"), list()):
            return [stored(kind[:-2], one, number) for one in value]
        case "json", list() | dict():
            return value
    raise wrong


def datastore_search(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    table = table_of(portal, token, values, to_write=False)
    types = {"_id": "int", **{one["id"]: one["type"] for one in table.columns}}
    names = values.get("fields") or list(types)
    if unknown := [name for name in names if name not in types]:
        raise Refusal(409, fields=[f'invalid value "{unknown[0]}"'])
    rows = matching(table, types, values.get("filters", {}))
    if values.get("sort", "_id") != "_id":
        raise Refusal(409, sort=[f'invalid value "{values["sort"]}"'])
    limit = min(int(values.get("limit", 100)), portal.rows_max)
    offset = int(values.get("offset", 0))
    shown = [{"_id": at} | table.rows[at] for at in rows[offset : offset + limit]]
    picked = [{name: row[name] for name in names} for row in shown]
    form = values.get("records_format", "objects")
    if form not in ("objects", "lists"):
        raise Refusal(409, records_format=["Value must be one of ['objects', 'lists']"])
    info = {one["id"]: {"info": one["info"]} for one in table.columns if one.get("info")}
    told = [
        {"id": name, "type": LISTS.get(types[name], types[name])} | info.get(name, {})
        for name in names
    ]
    records = picked if form == "objects" else [list(row.values()) for row in picked]
    result = {"fields": told, "records": records, "limit": limit}
    return result | ({"total": len(rows)} if values.get("include_total", True) else {})


def matching(table: Table, types: dict[str, str], filters: dict[str, Any]) -> list[int]:
    if unknown := [name for name in filters if name not in types]:
        raise Refusal(409, filters=[f'invalid value "{unknown[0]}"'])
    wanted = {name: v if isinstance(v, list) else [v] for name, v in filters.items()}
    return [
        at
        for at, row in sorted(table.rows.items())
        if all(({"_id": at} | row)[name] in values for name, values in wanted.items())
    ]


def datastore_delete(portal: Ckan, token: str, values: dict[str, Any]) -> dict[str, Any]:
    table = table_of(portal, token, values)
    if "filters" not in values:
        del portal.tables[values["resource_id"]]
        _, resource = resource_of(portal, token, values["resource_id"])
        resource["datastore_active"] = False
        return {"resource_id": values["resource_id"]}
    types = {"_id": "int", **{one["id"]: one["type"] for one in table.columns}}
    for at in matching(table, types, values["filters"]):
        del table.rows[at]
    return {"resource_id": values["resource_id"], "filters": values["filters"]}


SEARCH = {
    *("resource_id", "filters", "q", "plain", "limit", "offset", "fields", "sort", "distinct"),
    *("include_total", "records_format"),
}
CREATE = {
    *("resource_id", "resource", "force", "aliases", "fields", "delete_fields", "records"),
    *("primary_key", "indexes", "triggers", "calculate_record_count"),
}
UPSERT = {"resource_id", "force", "records", "method", "calculate_record_count", "dry_run"}
DELETE = {"resource_id", "force", "filters", "calculate_record_count"}
ACTIONS: dict[str, tuple[Callable[[Ckan, str, dict[str, Any]], Any], set[str]]] = {
    "package_show": (package_show, {"id"}),
    "package_create": (package_create, set()),
    "package_patch": (package_patch, set()),
    "package_delete": (package_delete, {"id"}),
    "organization_list_for_user": (organization_list_for_user, {"permission"}),
    "resource_create": (resource_create, set()),
    "resource_patch": (resource_patch, set()),
    "datastore_create": (datastore_create, CREATE),
    "datastore_upsert": (datastore_upsert, UPSERT),
    "datastore_search": (datastore_search, SEARCH),
    "datastore_delete": (datastore_delete, DELETE),
}
"""Each action, and the parameters that it takes; none where CKAN takes any."""
