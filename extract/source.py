"""Files, folders, globs, ZIP files and URLs to documents, and which reader each of them gets."""

import os
import re
import stat
import sys
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

import fsspec

from extract.errors import Unreadable

Reader = Literal["pdf", "dump", "image"]

DUMP_SUFFIXES = (".txt", ".tsv", ".md", ".html", ".htm")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2")
SUFFIXES = (".pdf", *DUMP_SUFFIXES, *IMAGE_SUFFIXES)
"""What is taken from a folder or a ZIP file; a file given by name is always tried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken into memory, against files that unpack to more than they seem."""

    member_bytes: int = 300_000_000
    """One member of a ZIP file, one download, one text."""
    archive_bytes: int = 2_000_000_000
    """All members of one ZIP file, unpacked."""
    members: int = 20_000


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Input:
    """One document to be read, or why it cannot or need not be."""

    name: str
    """Relative to the folder given, with `/`, or the file's name; `a.zip/b/c.pdf` inside a ZIP."""
    reader: Reader | None = None
    path: Path | None = None
    """The file on disk; for a member of a ZIP file the archive."""
    member: str = ""
    """The name inside the archive as the archive writes it."""
    content: bytes | None = field(default=None, repr=False)
    """The bytes, where they came from a URL."""
    error: str = ""
    """Why no reader takes it: the document failed."""
    skipped: str = ""
    """Why it was not meant: a kind of file in a folder that holds no report."""
    limits: Limits = LIMITS

    @property
    def on_disk(self) -> Path | None:
        """The path to open without copying, where the document is a file of its own."""
        return None if self.member or self.content is not None else self.path

    def read_bytes(self) -> bytes:
        """All of the document; raises Unreadable where the file has gone or is too large."""
        if self.content is not None:
            return self.content
        if self.path is None:
            raise Unreadable(self.error or f"{self.name}: nothing to read")
        try:
            if self.member:
                with zipfile.ZipFile(self.path) as archive:
                    return _member_bytes(archive, self.member, self.limits.member_bytes)
            return self.path.read_bytes()
        except _ZIP_ERRORS as error:
            raise Unreadable(f"{self.name}: {_reason(error)}; check the file") from error

    def read_text(self) -> str:
        """The text of a dump, whatever it is encoded in."""
        return decode(self.name, self.read_bytes())


_ZIP_ERRORS = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
)
"""RuntimeError is what zipfile says to an encrypted member and to an unknown compression."""


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__


def _clean(name: str) -> str:
    """A name that can be written as UTF-8, in NFC as all that we write."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text)


# ---------------------------------------------------------------- what the bytes are

_MAGIC: tuple[tuple[bytes, Reader], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"II+\0", "image"),
    (b"MM\0+", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"\0\0\0\x0cjP  ", "image"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP container such as a Word or Excel file; save it as PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file; save it as PDF"),
    (b"{\\rtf", "an RTF file; save it as PDF"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it and give the folder"),
    (b"Rar!", "a RAR archive; unpack it and give the folder"),
    (b"\x1f\x8b", "a gzip archive; unpack it and give the folder"),
)
_HEAD = 65_536
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\v\f\r\x1b") + b"\x7f"
_MARKED = re.compile(rb"[\xa1-\xce\xd1\xd4-\xda\xe7-\xee][\xd1\xd4-\xda\xe7-\xee]")
_MARKS = bytes((0xD1, *range(0xD4, 0xDB), *range(0xE7, 0xEF)))
_THAI = bytes((*range(0xA1, 0xDB), *range(0xDF, 0xFC)))


def _encoding(head: bytes) -> str | None:
    """The encoding of a text by its byte-order mark, its bytes, or as Thai; None if it is no text.

    >>> _encoding("รายงาน".encode()), _encoding("รายงานที่ดี".encode("cp874"))
    ('utf-8-sig', 'cp874')
    >>> _encoding("größer".encode("latin-1")), _encoding(b"\\x00\\x01")
    (None, None)
    """
    for mark, name in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32")):
        if head.startswith(mark):
            return name
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head or len(head) - len(head.translate(None, _CONTROL)) > len(head) // 100:
        return None
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or error.reason != "unexpected end of data":
            return "cp874" if _looks_thai(head) else None
    return "utf-8-sig"


def _looks_thai(head: bytes) -> bool:
    """Most of what is not ASCII is a Thai letter, and marks stand on letters that bear them."""
    high = head.translate(None, bytes(range(128)))
    letters = len(high) - len(high.translate(None, _THAI))
    marks = len(high) - len(high.translate(None, _MARKS))
    borne = len(_MARKED.findall(head)) + head.count(b"\xd3")
    return letters >= 4 and letters >= 0.97 * len(high) and marks <= 1.7 * borne + 1


def decode(name: str, data: bytes) -> str:
    """The text of a dump: UTF-8, UTF-16 by its mark, or TIS-620 where the bytes look like Thai."""
    encoding = _encoding(data[:_HEAD]) if len(data) > _HEAD else _encoding(data)
    if encoding is None:
        raise Unreadable(f"{name}: no text in an encoding we know; save it as UTF-8")
    return data.decode(encoding, "replace")


def _sniff(head: bytes, suffix: str) -> tuple[Reader | None, str]:
    """The reader for a document that begins so, or what is wrong with it."""
    if not head:
        return None, "the file is empty; fetch it again"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "pdf", ""
    for magic, reader in _MAGIC:
        if head.startswith(magic):
            return reader, ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image", ""
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image", ""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return None, what
    text = _encoding(head) is not None
    if suffix == ".pdf":
        if b"%PDF-" in head[:1024] or re.search(rb"\d+ \d+ obj\b", head):
            return "pdf", ""
        what = "text, perhaps a web page that says why" if text else "something else"
        return None, f"named .pdf but holds {what}; fetch it again"
    if text:
        return "dump", ""
    if b"%PDF-" in head[:1024]:
        return "pdf", ""
    return None, "neither PDF nor image nor text; convert it to PDF or UTF-8 text"


def _with_reader(found: Input, head: bytes) -> Input:
    reader, wrong = _sniff(head[:_HEAD], PurePosixPath(found.name).suffix.lower())
    return replace(found, reader=reader, error=f"{found.name}: {wrong}" if wrong else "")


# ---------------------------------------------------------------- files and folders


def _is_output(folder: Path) -> bool:
    """A folder that an earlier run wrote: its tables are no reports."""
    return all((folder / name).is_file() for name in ("documents.csv", "datapackage.json"))


def _walk(top: Path, output: Path | None) -> Iterator[Path]:
    """Files below a folder, hidden ones and output left out, each folder once however linked."""
    seen = {os.path.realpath(top)}
    for here, folders, files in os.walk(top, followlinks=True):
        inside = []
        for name in sorted(folders):
            folder = Path(here) / name
            real = os.path.realpath(folder)
            if name.startswith((".", "__MACOSX")) or real in seen or real == str(output):
                continue
            if not _is_output(folder):
                seen.add(real)
                inside.append(name)
        folders[:] = inside
        yield from (Path(here) / name for name in sorted(files) if not name.startswith((".", "~$")))


def _pattern(text: str) -> re.Pattern[str]:
    """A glob below its fixed folder as an expression; `**/` is any number of folders.

    >>> [bool(_pattern(glob).fullmatch("a/b.pdf")) for glob in ("**/*.pdf", "*.pdf")]
    [True, False]
    """
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\])", text)
    plain = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    out = []
    for part in parts:
        if part.startswith("[") and part.endswith("]") and len(part) > 2:
            negated = part.startswith("[!")
            letters = re.sub(r"([\\\[&~|^])", r"\\\1", part[2 if negated else 1 : -1])
            out.append(f"[{'^' if negated else ''}{letters}]")
        else:
            out.append(plain.get(part) or re.escape(part))
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:
        return re.compile(re.escape(text))


def _globbed(given: str, output: Path | None) -> list[tuple[str, Path]]:
    parts = Path(given).parts
    fixed = next(n for n, part in enumerate(parts) if re.search(r"[*?\[]", part))
    base = Path(*parts[:fixed])
    if not base.is_dir():
        return []
    pattern = _pattern("/".join(parts[fixed:]))
    return [
        (name, path)
        for path in _walk(base, output)
        if pattern.fullmatch(name := path.relative_to(base).as_posix())
    ]


def _local(given: str, output: Path | None) -> list[tuple[str, Path, bool]]:
    """Name, path and whether it was named itself, for each file that a path stands for."""
    path = Path(given)
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise Unreadable(f"{given!r} is no path: {error}; check the name") from error
    except OSError as error:
        if re.search(r"[*?\[]", given):
            found = _globbed(given, output)
            if found:
                return [(name, file, False) for name, file in found]
            raise Unreadable(
                f"{given}: no file matches; check the folder and the pattern"
            ) from error
        raise Unreadable(
            f"{given}: {_reason(error)}; check the path, and quote it if it has spaces"
        ) from error
    if stat.S_ISDIR(mode):
        return [(p.relative_to(path).as_posix(), p, False) for p in _walk(path, output)]
    if not stat.S_ISREG(mode):
        raise Unreadable(f"{given}: neither a file nor a folder; save it as a file first")
    return [(path.name, path, True)]


def _distinct(entries: list[tuple[str, Path, bool]]) -> list[tuple[str, Path, bool]]:
    """Each file once; two of one name get as much of their folders as tells them apart."""
    once: dict[str, tuple[str, Path, bool]] = {}
    for entry in entries:
        once.setdefault(os.path.realpath(entry[1]), entry)
    named: dict[str, list[tuple[str, Path, bool]]] = defaultdict(list)
    for entry in once.values():
        named[entry[0]].append(entry)
    out = []
    for name, same in named.items():
        depth = len(PurePosixPath(name).parts)
        labels = [name] * len(same)
        paths = [path.absolute().parts[1:] for _, path, _ in same]
        while len(set(labels)) < len(same):
            depth += 1
            labels = ["/".join(parts[-depth:]) for parts in paths]
        out += [(label, *entry[1:]) for label, entry in zip(labels, same, strict=True)]
    return out


def _file(name: str, path: Path, named: bool, limits: Limits) -> Iterator[Input]:
    found = Input(name=_clean(name), path=path, limits=limits)
    suffix = path.suffix.lower()
    if not named and suffix not in (*SUFFIXES, ".zip"):
        yield replace(found, skipped=f"{suffix or 'no suffix'} is no kind of report")
        return
    try:
        if not path.is_file():
            yield replace(found, skipped="not a file")
            return
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        if head.startswith(b"PK\x03\x04") or (suffix == ".zip" and head.startswith(b"PK")):
            yield from _zipped(found, zipfile.ZipFile(path))
            return
        sniffed = _with_reader(found, head)
        if sniffed.reader == "dump" and path.stat().st_size > limits.member_bytes:
            sniffed = replace(
                found,
                error=f"{found.name}: a text of more than {limits.member_bytes} bytes; split it",
            )
        yield sniffed
    except _ZIP_ERRORS as error:
        yield replace(found, error=f"{found.name}: {_reason(error)}; check the file")


# ---------------------------------------------------------------- ZIP files


def _member_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: old Windows ZIP programs write Thai without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "cp874"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _member_bytes(archive: zipfile.ZipFile, member: str, limit: int) -> bytes:
    with archive.open(member) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise Unreadable(f"{member}: more than {limit} bytes unpacked; unpack it and look")
    return data


def _member(found: Input, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Input:
    """One member judged by its first bytes; nothing is written to disk."""
    suffix = PurePosixPath(name).suffix.lower()
    if ".." in PurePosixPath(name).parts or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return replace(found, error=f"{found.name}: its path leads out of the archive; not read")
    if suffix == ".zip":
        return replace(found, skipped="an archive inside an archive; unpack it first")
    if suffix not in SUFFIXES:
        return replace(found, skipped=f"{suffix or 'no suffix'} is no kind of report")
    if info.file_size > found.limits.member_bytes:
        return replace(
            found, error=f"{found.name}: more than {found.limits.member_bytes} bytes unpacked"
        )
    try:
        with archive.open(info) as stream:
            head = stream.read(_HEAD)
        if found.content is not None:
            found = replace(
                found,
                content=_member_bytes(archive, info.filename, found.limits.member_bytes),
            )
        return _with_reader(found, head)
    except (*_ZIP_ERRORS, Unreadable) as error:
        return replace(found, error=f"{found.name}: {_reason(error)}; unpack it and look")


def _zipped(found: Input, archive: zipfile.ZipFile) -> Iterator[Input]:
    """The documents of an archive by name; one that is a Word or Excel file is none."""
    with archive:
        infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        if "[Content_Types].xml" in infos or "mimetype" in infos:
            yield _with_reader(replace(found, member=""), b"PK\x03\x04")
            return
        if len(infos) > found.limits.members:
            yield replace(
                found, error=f"{found.name}: more than {found.limits.members} members; unpack it"
            )
            return
        unpacked = 0
        for name, info in sorted((_member_name(info), info) for info in infos.values()):
            parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part != "/"]
            if any(part.startswith((".", "__MACOSX", "~$")) and part != ".." for part in parts):
                continue
            label = "/".join(part for part in parts if part != "..")
            here = replace(found, name=f"{found.name}/{_clean(label)}", member=info.filename)
            unpacked += info.file_size
            if unpacked > found.limits.archive_bytes:
                yield replace(
                    here,
                    error=f"{here.name}: the archive unpacks to more than "
                    f"{found.limits.archive_bytes} bytes; unpack it and give the folder",
                )
                return
            yield _member(here, archive, info, name.replace("\\", "/"))


# ---------------------------------------------------------------- URLs

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[a-z]+::")


def _backend_errors() -> tuple[type[Exception], ...]:
    """What the ways that fsspec knows to fetch a file raise when they cannot."""
    client_error = getattr(sys.modules.get("aiohttp"), "ClientError", OSError)
    return (
        OSError,
        ValueError,
        RuntimeError,
        ImportError,
        KeyError,
        zipfile.BadZipFile,
        client_error,
    )


def _require_backend(url: str) -> None:
    protocol = url.partition("://")[0].rpartition("::")[2]
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        needs = _reason(error).rstrip(".")
        raise Unreadable(f"{url}: {needs}; or download the file and give its path") from error
    except ValueError as error:
        raise Unreadable(
            f"{url}: fsspec knows no {protocol}://; download the file and give its path"
        ) from error


def _fetched(url: str, limits: Limits) -> Iterator[Input]:
    """The documents behind a URL: a file, a glob, or a folder where the protocol has folders."""
    name = _clean(PurePosixPath(unquote(urlsplit(url).path)).name or urlsplit(url).netloc or url)
    found = Input(name=name, limits=limits)
    try:
        system, path = fsspec.core.url_to_fs(url)
        globbed = "*" in path and not url.startswith("http")
        folder = not globbed and not url.startswith("http") and system.isdir(path)
        base = path.rstrip("/")
        if globbed:
            base = path[: path.index("*")].rpartition("/")[0]
        paths = system.glob(path) if globbed else system.find(path) if folder else [path]
        if not paths:
            yield replace(found, error=f"{url}: no file there; check the address")
        for one in sorted(paths):
            label = one.removeprefix(base).lstrip("/") if globbed or folder else name
            here = replace(found, name=_clean(label))
            suffix = PurePosixPath(label).suffix.lower()
            if (globbed or folder) and suffix not in (*SUFFIXES, ".zip"):
                yield replace(here, skipped=f"{suffix or 'no suffix'} is no kind of report")
                continue
            with system.open(one, "rb") as stream:
                content = stream.read(limits.member_bytes + 1)
            if len(content) > limits.member_bytes:
                yield replace(
                    here, error=f"{here.name}: more than {limits.member_bytes} bytes; download it"
                )
                continue
            here = replace(here, content=content)
            if content.startswith(b"PK\x03\x04"):
                yield from _zipped(here, zipfile.ZipFile(BytesIO(content)))
            else:
                yield _with_reader(here, content[:_HEAD])
    except _backend_errors() as error:
        yield replace(found, error=f"{url}: {_reason(error)}; check the address")


def _file_of_url(url: str) -> str:
    path = url[len("file://") :]
    return path if Path(path).exists() else unquote(path)


def find_inputs(
    paths: Sequence[str], *, output: Path | None = None, limits: Limits = LIMITS
) -> Iterator[Input]:
    """The documents that paths, globs and URLs stand for, by name, each once.

    A path that is not there raises Unreadable before the first document; what cannot be read
    behind a path is a document with an error.
    """
    own_output = Path(os.path.realpath(output)) if output else None
    entries: list[tuple[str, Path, bool]] = []
    urls: list[str] = []
    for given in paths:
        if given.startswith("file://"):
            entries += _local(_file_of_url(given), own_output)
        elif _URL.match(given) and not Path(given).exists():
            _require_backend(given)
            urls.append(given)
        else:
            entries += _local(given, own_output)
    jobs: list[tuple[str, Path | str, bool]] = [*_distinct(entries)]
    jobs += [(PurePosixPath(urlsplit(url).path).name, url, True) for url in dict.fromkeys(urls)]
    for name, place, named in sorted(jobs, key=lambda job: (_clean(job[0]), str(job[1]))):
        if isinstance(place, Path):
            yield from _file(name, place, named, limits)
        else:
            yield from _fetched(place, limits)
