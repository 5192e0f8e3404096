"""Files, folders, globs, ZIP files and URLs to documents, and which reader each of them gets."""

import lzma
import os
import re
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal
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
    """One member of a ZIP file, one image file."""
    text_bytes: int = 100_000_000
    """One dump: a thousand pages have five million."""
    archive_bytes: int = 2_000_000_000
    """All members of one ZIP file, unpacked."""
    members: int = 20_000
    file_bytes: int = 1_000_000_000
    """One document of any kind."""
    pages: int = 5_000
    """Of one document."""
    pixels: int = 120_000_000
    """Of one page as a picture."""
    cells: int = 500_000
    """Cells and lines of one dump."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Input:
    """One document to be read, or why it cannot or need not be."""

    name: str
    """Relative to the folder given, with `/`, or the file's name; `a.zip/b/c.pdf` inside a ZIP.
    Of two that would bear one name the second ends in `#2`; control characters are shown."""
    reader: Reader | None = None
    path: Path | None = None
    """The file on disk; for a member of a ZIP file the archive."""
    member: str = ""
    """The name inside the archive as the archive writes it."""
    url: str = ""
    """For a document behind a URL, what fsspec opens; for a member of a ZIP file the archive."""
    size: int | None = None
    """Bytes, unpacked; None where that is not known before it is read."""
    stamp: str = ""
    """Changes when the document does, as far as file system, archive or server tell; empty where
    they do not."""
    error: str = ""
    """Why no reader takes it: the document failed."""
    skipped: str = ""
    """Why it was not meant: a kind of file in a folder that holds no report."""
    limits: Limits = LIMITS

    @property
    def on_disk(self) -> Path | None:
        """The path to open without copying, where the document is a file of its own."""
        return None if self.member or self.url else self.path

    @property
    def most_bytes(self) -> int:
        """How many the document may have: a PDF on disk or behind a URL more than what is unpacked
        or read at once."""
        limits = self.limits
        most = limits.file_bytes
        if self.member or self.reader == "image":
            most = min(most, limits.member_bytes)
        return min(most, limits.text_bytes) if self.reader == "dump" else most

    @property
    def too_large(self) -> str:
        """What is said of a document of more bytes."""
        lifted = "give --max-bytes, or " if self.most_bytes == self.limits.file_bytes else ""
        return f"{self.name}: more than {self.most_bytes:,} bytes; {lifted}split it"

    def read_bytes(self, passwords: Sequence[str] = ()) -> bytes:
        """All of the document; raises Unreadable where the file has gone or is too large.

        `passwords` are for an encrypted member of a ZIP file.
        """
        if self.path is None and not self.url:
            raise Unreadable(self.error or f"{self.name}: nothing to read")
        try:
            with self._opened() as file:
                if self.member:
                    with zipfile.ZipFile(file) as archive:
                        found = _member_bytes(archive, self.member, self.most_bytes, passwords)
                else:
                    found = file.read(self.most_bytes + 1)
        except Unreadable as error:
            raise Unreadable(f"{self.name}: {error}") from error
        except _backend_errors() as error:
            raise Unreadable(f"{self.name}: {_reason(error)}; check the file") from error
        if len(found) > self.most_bytes:
            raise Unreadable(self.too_large)
        return found

    def _opened(self) -> AbstractContextManager[IO[bytes]]:
        if self.url and self.member:
            return _open_archive(self.url, self.limits.file_bytes)
        if self.url:
            return _open_url(self.url)
        if self.path is None or not stat.S_ISREG(self.path.stat().st_mode):
            raise OSError("no longer a file")
        return self.path.open("rb")

    def read_text(self, passwords: Sequence[str] = ()) -> str:
        """The text of a dump, whatever it is encoded in."""
        return decode(self.name, self.read_bytes(passwords))


_ZIP_ERRORS = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
    OverflowError,
    MemoryError,
    struct.error,
)
"""RuntimeError is what zipfile says to an encrypted member and to an unknown compression."""


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return without_secrets(" ".join(str(error).split())) or type(error).__name__


_SECRETS = re.compile(r"(?<=://)(?:[^/@\s]*:[^/@\s]*@|[^/@\s]*@(?=[^/\s]*/))")


def without_secrets(text: str, url: str = "") -> str:
    """A text without the names and passwords that URLs in it hold, and without those of `url`.

    >>> without_secrets("no ftp://me:secret@host/a.pdf"), without_secrets("s3://token@host/a")
    ('no ftp://host/a.pdf', 's3://host/a')
    >>> without_secrets("memory://a@b.pdf"), without_secrets("no /me:x@host/a", "ftp://me:x@host/a")
    ('memory://a@b.pdf', 'no /host/a')
    """
    for secret in _SECRETS.findall(url):
        text = text.replace(secret, "")
    return _SECRETS.sub("", text)


_SHOWN = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}
_SHOWN |= dict.fromkeys(
    (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
"""What would move a terminal's cursor, break a line of a log, or turn the writing around."""


def _clean(name: str) -> str:
    """A name that can be written as UTF-8, in NFC as all that we write, and shown anywhere.

    >>> _clean("รายงาน\\n๒\\x1b[2J.pdf")
    'รายงาน␊๒␛[2J.pdf'
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text).translate(_SHOWN)


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
    try:
        return all((folder / name).is_file() for name in ("documents.csv", "datapackage.json"))
    except OSError:
        return False


def _walk(top: Path, output: Path | None) -> Iterator[Path]:
    """Files below a folder, hidden ones and output left out, each folder once however linked.

    A folder that cannot be read is given itself: what is in it is not to be forgotten in silence.
    """
    seen = {os.path.realpath(top)}
    closed: list[OSError] = []
    for here, folders, files in os.walk(top, followlinks=True, onerror=closed.append):
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
    yield from (Path(error.filename) for error in closed)


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
                f"{_clean(given)}: no file matches; check the folder and the pattern"
            ) from error
        raise Unreadable(
            f"{_clean(given)}: {_reason(error)}; check the path, and quote it if it has spaces"
        ) from error
    if stat.S_ISDIR(mode):
        return [
            (given if p == path else p.relative_to(path).as_posix(), p, False)
            for p in _walk(path, output)
        ]
    if not stat.S_ISREG(mode):
        raise Unreadable(f"{_clean(given)}: neither a file nor a folder; save it as a file first")
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


def _file(
    name: str, path: Path, named: bool, limits: Limits, passwords: Sequence[str]
) -> Iterator[Input]:
    found = Input(name=_clean(name), path=path, limits=limits)
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            why = "a folder that cannot be read; check who may"
            yield replace(found, error=f"{found.name}: {why}")
            return
        if not named and suffix not in (*SUFFIXES, ".zip"):
            yield replace(found, skipped=f"{_clean(suffix) or 'no suffix'} is no kind of report")
            return
        if not path.is_file():
            yield replace(found, skipped="not a file")
            return
        status = path.stat()
        found = replace(found, size=status.st_size, stamp=str(status.st_mtime_ns))
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head.startswith(b"PK\x03\x04") or (suffix == ".zip" and head.startswith(b"PK")):
                yield from _zipped(found, stream, passwords)
                return
        yield _within_bytes(_with_reader(found, head))
    except _ZIP_ERRORS as error:
        yield replace(found, error=f"{found.name}: {_reason(error)}; check the file")


def _within_bytes(found: Input) -> Input:
    """The input with an error where its size is known to be above the limit."""
    if found.error or found.size is None or found.size <= found.most_bytes:
        return found
    return replace(found, reader=None, error=found.too_large)


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


def _member_stream(
    archive: zipfile.ZipFile, member: str | zipfile.ZipInfo, passwords: Sequence[str]
) -> IO[bytes]:
    """A member opened, by the first password that fits where it needs one.

    Raises Unreadable, without the member's name, where none does.
    """
    info = archive.getinfo(member) if isinstance(member, str) else member
    if not info.flag_bits & 1:
        return archive.open(info)
    if info.compress_type == _AES:
        raise Unreadable("encrypted by AES, which cannot be read here; unpack it with its password")
    for password in passwords:
        try:
            with archive.open(info, pwd=password.encode()) as stream:
                stream.read(1)  # a wrong one passes the first check once in 256 times
            return archive.open(info, pwd=password.encode())
        except (RuntimeError, zlib.error, zipfile.BadZipFile):
            continue
    tried = ", and no password given opens it" if passwords else ""
    raise Unreadable(f"encrypted{tried}; give --password")


_AES = 99
"""What the ZIP programs that encrypt by AES write in place of the kind of compression."""


def _member_bytes(
    archive: zipfile.ZipFile, member: str, limit: int, passwords: Sequence[str]
) -> bytes:
    """At most one byte more than the limit."""
    with _member_stream(archive, member, passwords) as stream:
        return stream.read(limit + 1)


def _member(
    found: Input,
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    name: str,
    passwords: Sequence[str],
) -> Input:
    """One member judged by its first bytes; nothing is written to disk."""
    suffix = PurePosixPath(name).suffix.lower()
    if ".." in PurePosixPath(name).parts or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return replace(found, error=f"{found.name}: its path leads out of the archive; not read")
    if suffix == ".zip":
        return replace(found, skipped="an archive inside an archive; unpack it first")
    if suffix not in SUFFIXES:
        return replace(found, skipped=f"{_clean(suffix) or 'no suffix'} is no kind of report")
    if info.file_size > found.most_bytes:
        return replace(found, error=found.too_large)
    try:
        with _member_stream(archive, info, passwords) as stream:
            head = stream.read(_HEAD)
    except Unreadable as error:
        return replace(found, error=f"{found.name}: {error}")
    except _ZIP_ERRORS as error:
        return replace(found, error=f"{found.name}: {_reason(error)}; unpack it and look")
    return _within_bytes(_with_reader(found, head))


def _overlapping(infos: Sequence[zipfile.ZipInfo]) -> bool:
    """Members that share their bytes, by which a bomb of 10 MB unpacks to terabytes."""
    places = sorted((info.header_offset, info.compress_size) for info in infos)
    return any(at + size > after for (at, size), (after, _) in pairwise(places))


MEMBER_NAME_BYTES = 1_000
"""So much of an archive's directory is granted to each member, which takes 46 and its name."""
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"


def _directory_bytes(file: IO[bytes]) -> int:
    """How long an archive says that its directory is, which zipfile reads whole; 0 if it does not.

    The number of members that it says is not asked: it may lie.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 200))
    tail = file.read()
    file.seek(0)
    at, at_64 = tail.rfind(_END), tail.rfind(_END_64)
    found = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if at_64 >= 0:
        found = max(
            found * (found < 0xFFFFFFFF), int.from_bytes(tail[at_64 + 40 : at_64 + 48], "little")
        )
    return min(found, size)


def _zipped(found: Input, file: IO[bytes], passwords: Sequence[str]) -> Iterator[Input]:
    """The documents of an archive by name; one that is a Word or Excel file is none."""
    if _directory_bytes(file) > MEMBER_NAME_BYTES * found.limits.members:
        yield replace(
            found, error=f"{found.name}: more than {found.limits.members:,} members; unpack it"
        )
        return
    with zipfile.ZipFile(file) as archive:
        every = [info for info in archive.infolist() if not info.is_dir()]
        infos = {info.filename: info for info in every}
        if "[Content_Types].xml" in infos or "mimetype" in infos:
            yield _with_reader(replace(found, member=""), b"PK\x03\x04")
            return
        if len(every) > found.limits.members:
            yield replace(
                found, error=f"{found.name}: more than {found.limits.members:,} members; unpack it"
            )
            return
        if _overlapping(every):
            yield replace(
                found, error=f"{found.name}: its members overlap, as only those of a ZIP bomb do"
            )
            return
        unpacked = 0
        for name, info in sorted(((_member_name(i), i) for i in every), key=lambda one: one[0]):
            parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part != "/"]
            if any(part.startswith((".", "__MACOSX", "~$")) and part != ".." for part in parts):
                continue
            label = "/".join(part for part in parts if part != "..")
            here = replace(
                found,
                name=f"{found.name}/{_clean(label)}",
                member=info.filename,
                size=info.file_size,
                stamp=f"{found.stamp}-{info.CRC:08x}" if found.stamp else "",
            )
            if info is not infos[info.filename]:
                yield replace(here, skipped="replaced by a later member of the same name")
                continue
            unpacked += info.file_size
            if unpacked > found.limits.archive_bytes:
                yield replace(
                    here,
                    error=f"{here.name}: the archive unpacks to more than "
                    f"{found.limits.archive_bytes:,} bytes; unpack it and give the folder",
                )
                return
            yield _member(here, archive, info, name.replace("\\", "/"), passwords)


# ---------------------------------------------------------------- URLs

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[a-z]+::")


def _backend_errors() -> tuple[type[BaseException], ...]:
    """What the ways that fsspec knows to fetch a file raise when they cannot."""
    client_error = getattr(sys.modules.get("aiohttp"), "ClientError", OSError)
    return (*_ZIP_ERRORS, ImportError, client_error)


def _shown_url(url: str) -> str:
    return without_secrets(_clean(url))


def _why_not(url: str, error: BaseException) -> str:
    """What went wrong with a URL, without the password that an error may repeat."""
    reason = without_secrets(_reason(error), url)
    return f"{_shown_url(url)}: {reason}; check the address"


def _require_backend(url: str) -> None:
    protocol = url.partition("://")[0].rpartition("::")[2]
    shown = _shown_url(url)
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        needs = _reason(error).rstrip(".")
        raise Unreadable(f"{shown}: {needs}; or download the file and give its path") from error
    except ValueError as error:
        raise Unreadable(
            f"{shown}: fsspec knows no {protocol}://; download the file and give its path"
        ) from error


def _open_url(url: str) -> AbstractContextManager[IO[bytes]]:
    """What is behind a URL, read from its beginning on; little is read ahead."""
    system, path = fsspec.core.url_to_fs(url)
    opened: AbstractContextManager[IO[bytes]] = system.open(path, "rb", block_size=_HEAD)
    return opened


@contextmanager
def _open_archive(url: str, most: int) -> Iterator[IO[bytes]]:
    """What is behind a URL as a file that can be read from any place.

    A server that cannot give a part of a file gives all of it, up to `most` bytes and one more.
    """
    with _open_url(url) as file:
        try:
            file.seek(1)
            file.seek(0)
        except (ValueError, OSError, NotImplementedError):
            yield BytesIO(file.read(most + 1))
        else:
            yield file


_STAMPS = (
    *("ETag", "etag", "md5Hash", "Content-MD5", "mtime", "LastModified", "last_modified"),
    *("Last-Modified", "updated", "modify", "created"),
)


def _stamp(about: Mapping[str, Any]) -> str:
    """What a file system says of a file that changes with it."""
    return next((str(about[key]).strip('"') for key in _STAMPS if about.get(key)), "")


def _rebased(url: str, path: str, one: str) -> str:
    """The URL of a file below the folder, or in the glob, that a URL names.

    >>> _rebased("ftp://me:x@host/a", "/a", "/a/b.pdf"), _rebased("s3://k/a*", "k/a*", "k/ab")
    ('ftp://me:x@host/a/b.pdf', 's3://k/ab')
    >>> _rebased("zip://*.pdf::memory://z.zip", "*.pdf", "a.pdf")
    'zip://a.pdf::memory://z.zip'
    """
    at = url.find(path) if path else url.find("://") + 3
    if at < 0:
        return url.partition("://")[0] + "://" + one
    rest = url[at + len(path) :].lstrip("/")
    return url[:at] + one + (rest if rest.startswith("::") else "")


def _fetched(url: str, limits: Limits, passwords: Sequence[str]) -> Iterator[Input]:
    """The documents behind a URL: a file, a glob, or a folder where the protocol has folders.

    Only their heads are read.
    """
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
            yield replace(found, error=f"{_shown_url(url)}: no file there; check the address")
    except _backend_errors() as error:
        yield replace(found, error=_why_not(url, error))
        return
    for one in sorted(paths):
        if not (globbed or folder):
            yield from _behind(replace(found, url=url), True, passwords)
            continue
        label = one.removeprefix(base).lstrip("/")
        here = replace(found, name=_clean(label), url=_rebased(url, path.rstrip("/"), one))
        yield from _behind(here, False, passwords)


def _behind(found: Input, named: bool, passwords: Sequence[str]) -> Iterator[Input]:
    """The document, or those of the archive, that one URL opens."""
    suffix = PurePosixPath(found.name).suffix.lower()
    if not named and suffix not in (*SUFFIXES, ".zip"):
        yield replace(found, skipped=f"{suffix or 'no suffix'} is no kind of report")
        return
    try:
        system, path = fsspec.core.url_to_fs(found.url)
        about = system.info(path)
        size = about.get("size")
        found = replace(found, size=size if isinstance(size, int) else None, stamp=_stamp(about))
        if found.size is not None and found.size > found.limits.file_bytes:
            yield _within_bytes(found)
            return
        with _open_url(found.url) as file:
            head = file.read(_HEAD)
        if head.startswith(b"PK\x03\x04"):
            with _open_archive(found.url, found.limits.file_bytes) as file:
                yield from _zipped(found, file, passwords)
            return
        yield _within_bytes(_with_reader(found, head))
    except _backend_errors() as error:
        why = _why_not(found.url, error)
        yield replace(found, reader=None, error=why)


def _file_of_url(url: str) -> str:
    path = url[len("file://") :]
    return path if Path(path).exists() else unquote(path)


def _named_apart(inputs: Iterator[Input]) -> Iterator[Input]:
    """The inputs, those with a name that was there before as `name#2`, `name#3`."""
    seen: set[str] = set()
    for found in inputs:
        name, count = found.name, 1
        while name in seen:
            count += 1
            name = f"{found.name}#{count}"
        seen.add(name)
        if count > 1:
            error = found.error
            if error.startswith(f"{found.name}: "):
                error = name + error[len(found.name) :]
            found = replace(found, name=name, error=error)
        yield found


def find_inputs(
    paths: Sequence[str],
    *,
    output: Path | None = None,
    limits: Limits = LIMITS,
    passwords: Sequence[str] = (),
) -> Iterator[Input]:
    """The documents that paths, globs and URLs stand for, by name, each once.

    A path that is not there raises Unreadable before the first document; what cannot be read
    behind a path is a document with an error. `passwords` open encrypted members of ZIP files to be
    looked at; no Input keeps them.
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
    jobs.sort(key=lambda job: (_clean(job[0]), str(job[1])))

    def every() -> Iterator[Input]:
        for name, place, named in jobs:
            if isinstance(place, Path):
                yield from _file(name, place, named, limits, passwords)
            else:
                yield from _fetched(place, limits, passwords)

    yield from _named_apart(every())
