"""What a run keeps beside its tables, so that nothing has to be read or made twice.

`OUT/.raingan/` holds `run.json`, of the last finished run, and below `parts/` for each document up
to three ZIP files: its pages as they were read, the pictures of its findings, and its result with
the tables' lines and the parts of audit.html as written. They are named by hashes of what they were
made of, so a file with the right name never has to be made again, whoever made it, and two runs do
not disturb each other. They are JSON in ZIP and nothing that runs: an output folder may come from
someone else.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import rmtree
from typing import Any, Literal, TypeVar, cast

import msgspec

from audit.archive import Abstract
from audit.looks import Look
from audit.model import Finding
from export.crops import Crop
from export.model import CannotWrite, DocumentRecord, DocumentResult, explained
from export.schema import Table
from extract.errors import ReportError
from extract.model import Page
from extract.source import without_secrets
from normalize.decisions import Decision, in_force
from profiles.report import Profile

Language = Literal["en", "th"]
FOLDER, RUN, RESULT, ABOUT = ".raingan", "run.json", "result.json", "about.json"
BETWEEN, CROPS = "between.json", "crops.json"
PARTS, TEMPORARY = "parts", "tmp"
FORMAT = 2
"""Of the kept files: another one is not read."""
BLOCK_BYTES = 1 << 20
MEMBER_BYTES = 1_000_000_000
"""No page and no result is as large when unpacked."""
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, msgspec.MsgspecError, EOFError, KeyError, OSError),
    *(ValueError, ArithmeticError, RuntimeError, NotImplementedError, RecursionError),
)
"""What a kept file that is none of ours, or no longer whole, can raise."""

OWN = ("extract", "profiles", "normalize", "audit", "export", "pipeline.py")
"""Of the program what a result depends on: code and data."""
LIBRARIES = (
    *("geothai", "numpy", "onnxruntime", "opencv-python-headless", "pandas", "pdfminer.six"),
    *("pdfplumber", "pillow", "pypdfium2", "pythainlp", "rapidfuzz"),
)
"""What the same holds of."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class About:
    """Of a kept result what is asked of all of them, whenever the tables are put together."""

    record: DocumentRecord
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    looks: tuple[Look, ...]
    keyed: tuple[str, ...]
    """The tables in which no two of its lines have one key."""
    abstract: Abstract | None = None
    """What is compared with other documents; None where it has no rows."""
    reading: str = ""
    """As in DocumentResult."""
    review: int = 0
    """How many rows need a person."""
    table: Table | None = None
    """Of its items, where it is of another kind of report than ITA's."""


class NotARun(ReportError):
    """The folder holds no finished run of this version."""


class NotKept(ReportError):
    """The run did not keep what is asked for, or it cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run was asked to do, and the documents that it came to."""

    inputs: tuple[str, ...] = ()
    """As they were given; local paths absolute."""
    language: Language = "en"
    profile: str = ""
    """The key of the only profile that was tried; empty for all."""
    own: Profile | None = None
    """That profile, where it is none of those that are installed."""
    version: str = ""
    """Raingan's own."""
    documents: tuple[str, ...] = ()
    """Sorted; a name stands twice where two documents bear it."""
    parts: tuple[str, ...] = ()
    """The results' files below PARTS, in the order of the documents."""
    stands: str = ""
    """A key of the decisions on findings between documents."""
    published: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each file that was written."""
    plain: bool = False
    """CSV without the byte-order mark that has Excel show Thai."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Store:
    """The kept files of one output folder, for reading; nothing is held between two calls."""

    out: Path

    @property
    def folder(self) -> Path:
        return self.out / FOLDER

    @property
    def run(self) -> Run:
        """Raises NotARun where the folder holds no finished run."""
        return self._index[0]

    @property
    def _index(self) -> tuple[Run, dict[str, str]]:
        """The run, and the part of each document."""
        path = self.folder / RUN
        try:
            there = path.stat()
            return index_of(path, (there.st_mtime_ns, there.st_size, there.st_ino))
        except OSError as error:
            raise NotARun(
                f"{self.out}: no finished run is kept here ({error.strerror or error}); "
                "give the folder that `raingan convert --out` wrote"
            ) from error

    def names(self) -> tuple[str, ...]:
        """The documents of the run, sorted, each once."""
        return tuple(self._index[1])

    def part(self, document: str) -> Path:
        """The file of its result; raises NotKept for a document that the run did not have."""
        try:
            return self.folder / PARTS / self._index[1][document]
        except KeyError:
            raise NotKept(f"{document}: not kept by the run; run convert again") from None

    def has_pages(self, document: str) -> bool:
        with suppress(NotKept):
            return pages_file(self.folder, self.about(document).reading).is_file()
        return False

    def pages(self, document: str) -> Iterator[Page]:
        """The pages as they were read, one after the other; raises NotKept, also on the way."""
        yield from kept_pages(self.folder, self.about(document).reading, document)

    def about(self, document: str) -> About:
        """The document's line, findings and decisions, without its tables; raises NotKept."""
        return about(self.part(document), document)

    def between(self) -> tuple[Finding, ...]:
        """The findings between documents, as of the last time the tables were written."""
        path = self.folder / BETWEEN
        try:
            return decode(path.read_bytes(), tuple[Finding, ...])
        except BROKEN as error:
            raise NotKept(f"{path}: not readable ({error}); run convert again") from error

    def result(self, document: str) -> DocumentResult:
        """What the document came to; raises NotKept."""
        return result_in(self.part(document), document)


@lru_cache(maxsize=4)
def index_of(path: Path, stamp: tuple[int, int, int]) -> tuple[Run, dict[str, str]]:
    """A run.json as it is while its stamp stays the same; raises NotARun, OSError."""
    content = path.read_bytes()
    try:
        run = decode(content, Run)
        index = dict(zip(run.documents, run.parts, strict=run.format == FORMAT))
    except BROKEN as error:
        raise NotARun(f"{path}: not readable ({error}); run convert again") from error
    if run.format != FORMAT:
        raise NotARun(f"{path}: kept by another version ({run.version}); run convert again")
    return run, index


def published_findings(out: Path) -> tuple[Finding, ...]:
    """The findings as findings.json has them, in one language; for a folder that keeps no more.

    Raises NotARun.
    """
    path = out / "findings.json"
    try:
        lines = json.loads(path.read_bytes())
        for line in lines:
            line["document"] = line["document"] or ""
            line["values"] = [(said["where"], said["text"]) for said in line["values"]]
            line["places"] = [[int(part) for part in cell.split(":")] for cell in line["cells"]]
        return msgspec.convert(lines, tuple[Finding, ...])
    except (*BROKEN, TypeError, AttributeError) as error:
        raise NotARun(f"{path}: not readable ({error}); run convert again") from error


# ---------------------------------------------------------------- files and their names


def stem(document: str, number: int = 0) -> str:
    """A name that no document can choose; `number` counts documents of one name."""
    digest = hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{digest}-{number}" if number else digest


def sha256_of(path: Path) -> str:
    """Of a file's bytes, however many; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(*parts: object) -> str:
    """A name for what is made of these values and of nothing else."""
    return hashlib.sha256(encode(parts)).hexdigest()[:32]


@cache
def program_fingerprint() -> str:
    """A key of the code and the data that results depend on: 50 ms, once a process."""
    top = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for name in OWN:
        place = top / name
        files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
        for path in files:
            if "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(top).as_posix()}\0{sha256_of(path)}".encode())
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            digest.update(f"{library}=={version(library)}\0".encode())
    return digest.hexdigest()[:32]


def reading_key(sha256: str, *how: object) -> str:
    """What names a document's pages: its bytes, the program, and how it was told to read."""
    return key_of(FORMAT, program_fingerprint(), sha256, *how)


def work_key(reading: str, profile: str, decisions: Iterable[Decision]) -> str:
    """What names a result but for the document's name: the pages, and what is made of them."""
    return key_of(reading, profile, in_force(decisions))


def part_name(work: str, document: str, language: str, number: int = 0) -> str:
    """A result's file below PARTS; results that differ by name and language begin alike."""
    return f"{work[:2]}/{work}-{key_of(document, language, number)[:16]}.zip"


def pages_file(folder: Path, reading: str) -> Path:
    return folder / PARTS / reading[:2] / f"{reading}.pages.zip"


def crops_file(part: Path) -> Path:
    """The pictures that belong to a result, whatever the document's name."""
    return part.with_name(f"{part.name.partition('-')[0]}.crops.zip")


def new_file(folder: Path) -> Path:
    """A name for a file that is not complete; what a killed run leaves there is cleared away."""
    temporary = folder / TEMPORARY
    temporary.mkdir(parents=True, exist_ok=True)
    return temporary / secrets.token_hex(8)


# ---------------------------------------------------------------- values to bytes and back


def encode(value: object) -> bytes:
    """Write as JSON; half a surrogate pair, which UTF-8 does not take, as its escape."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, enc_hook=_plain)
        return json.dumps(plain, separators=(",", ":")).encode()


def decode(content: bytes, kind: type[T]) -> T:
    """Undo `encode`, exactly; what is no such value raises one of BROKEN."""
    try:
        return cast(T, decoder(cast(Any, kind)).decode(content))
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(content), type=kind, dec_hook=_path)


@cache
def decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind, dec_hook=_path)


def _plain(value: object) -> object:
    """What msgspec cannot write by itself: a path."""
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def _path(kind: type, value: str) -> object:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind.__name__)


@contextmanager
def opened(path: Path, document: str) -> Iterator[zipfile.ZipFile]:
    """A kept file; what goes wrong with it inside the block is NotKept."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise NotKept(f"{document}: not kept by the run; run convert again") from error
    except BROKEN as error:
        raise NotKept(f"{document}: {path.name} is not readable; run convert again") from error


def about(path: Path, document: str) -> About:
    """What a kept result says of itself; raises NotKept, also where it is of another document."""
    with opened(path, document) as archive:
        return about_in(archive, document)


def is_whole(path: Path, document: str) -> bool:
    """Whether all of a kept result can be read, and is of that document."""
    with suppress(NotKept), opened(path, document) as archive:
        about_in(archive, document)
        return archive.testzip() is None
    return False


def result_in(path: Path, document: str = "") -> DocumentResult:
    """The whole of a kept result; raises NotKept, also where it is of another document."""
    with opened(path, document or path.name) as archive:
        if document:
            about_in(archive, document)
        return typed(decode(member(archive, RESULT), DocumentResult))


def typed(result: DocumentResult) -> DocumentResult:
    """The numbers and dates of items, which JSON holds as text; raises ValueError."""
    if result.table is None:
        return result
    kinds = {field.name: field.type for field in result.table.fields}
    read: dict[str, Callable[[str], object]] = {"number": Decimal, "date": date.fromisoformat}

    def value(name: str, kept: object) -> object:
        return read[kinds[name]](kept) if isinstance(kept, str) and kinds[name] in read else kept

    items = (
        replace(item, values=tuple((name, value(name, kept)) for name, kept in item.values))
        for item in result.items
    )
    return replace(result, items=tuple(items))


def about_in(archive: zipfile.ZipFile, document: str) -> About:
    """The same of one that is open; inside of `opened`, which says what is wrong with it."""
    found = decode(member(archive, ABOUT), About)
    if found.record.document != document:
        raise zipfile.BadZipFile(f"it is of {found.record.document}")
    return found


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A member piece by piece; nothing where there is none."""
    with suppress(KeyError), archive.open(name) as file:
        while piece := file.read(BLOCK_BYTES):
            yield piece


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One member of a kept file, if it is of a size that makes sense."""
    if archive.getinfo(name).file_size > MEMBER_BYTES:
        raise zipfile.BadZipFile(f"{name} is too large")
    return archive.read(name)


def add(archive: zipfile.ZipFile, name: str, content: Iterable[bytes]) -> None:
    """Write a member piece by piece; ZIP's time of it stays 1980, unlike with `writestr`."""
    with archive.open(name, "w") as file:
        for piece in content:
            file.write(piece)


def new_archive(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED)


# ---------------------------------------------------------------- keeping


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """The folder of the kept files, for one run at a time; raises CannotWrite where there is one.

    What a killed run left half-done is cleared away, before and after.
    """
    folder = out / FOLDER
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            folder.unlink()  # whoever made it: it is followed nowhere
        folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder, wait=False))
        except PermissionError as error:
            raise CannotWrite(f"{folder}: {error.strerror}; give yourself the right") from error
        except BlockingIOError as error:
            raise CannotWrite(
                f"{out}: another run is writing there; wait for it (`raingan status` shows how far "
                "it is), or choose another folder with --out"
            ) from error
        clear_temporary(out)
        stack.callback(clear_temporary, out)
        with explained(out):
            new_file(folder).touch()
        yield folder


def clear_temporary(out: Path) -> None:
    """Remove what was not completed; a decision that is being written is waited for."""
    with suppress(OSError), locked(out):
        rmtree(out / FOLDER / TEMPORARY, ignore_errors=True)


@contextmanager
def locked(folder: Path, wait: bool = True) -> Iterator[None]:
    """Nobody else is in a block of the same folder; not to wait raises BlockingIOError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # a file system without locks: then nobody is kept out
        yield
    finally:
        os.close(handle)


def keep_pages(path: Path, pages: Iterable[Page]) -> Iterator[Page]:
    """Pass pages on, and keep each; what was not read to its end is not kept."""
    with explained(path):
        archive = new_archive(path)
    try:
        for number, page in enumerate(pages, 1):
            with explained(path):
                add(archive, f"{number}.json", (encode(page),))
            yield page
        with explained(path):
            archive.close()
    except BaseException:
        with suppress(OSError, ValueError):
            path.unlink()
            archive.close()
        raise


def kept_pages(folder: Path, reading: str, document: str) -> Iterator[Page]:
    """Kept pages, as they would be read from a document of this name; raises NotKept."""
    with opened(pages_file(folder, reading), document) as archive:
        for name in archive.namelist():
            yield addressed(decode(member(archive, name), Page), document)


def addressed(page: Page, document: str) -> Page:
    """The page under another name of its document."""
    if page.source.document == document:
        return page
    tables = tuple(
        replace(
            table,
            cells=tuple(
                replace(cell, source=replace(cell.source, document=document))
                for cell in table.cells
            ),
        )
        for table in page.tables
    )
    return replace(page, source=replace(page.source, document=document), tables=tables)


def renamed(result: DocumentResult, document: str) -> DocumentResult:
    """What a document of the same bytes under another name comes to."""
    return replace(
        result,
        record=replace(result.record, document=document),
        rows=tuple(replace(row, document=document) for row in result.rows),
        items=tuple(replace(item, document=document) for item in result.items),
        cells=tuple(replace(cell, document=document) for cell in result.cells),
        corrections=tuple(replace(line, document=document) for line in result.corrections),
        findings=tuple(replace(finding, document=document) for finding in result.findings),
    )


def adopt(temporary: Path, path: Path) -> None:
    """Put a complete file in its place, so that it is there after a power cut or not at all."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def keep_crops(folder: Path, path: Path, crops: tuple[Crop, ...]) -> None:
    """Keep the pictures of a document's findings, which cannot be cut without the document."""
    if crops:
        keep_result(folder, path, {CROPS: (encode(crops),)})


def kept_crops(path: Path) -> tuple[Crop, ...]:
    """The kept pictures; none where there are none, or they cannot be read."""
    try:
        with opened(path, path.name) as archive:
            return decode(member(archive, CROPS), tuple[Crop, ...])
    except NotKept:
        return ()


def keep_result(folder: Path, path: Path, members: Mapping[str, Iterable[bytes]]) -> None:
    """Write the file of one result, whole or not at all."""
    with replacing(folder, path) as temporary, new_archive(temporary) as archive:
        for name, content in members.items():
            add(archive, name, content)


def keep_value(folder: Path, name: str, value: object) -> None:
    """Write one value as a file for itself, whole or not at all."""
    with replacing(folder, folder / name) as temporary:
        temporary.write_bytes(msgspec.json.format(encode(value), indent=1) + b"\n")


@contextmanager
def replacing(folder: Path, path: Path) -> Iterator[Path]:
    """A file that takes the place of `path` when it is complete, and else goes."""
    with explained(path):
        temporary = new_file(folder)
        try:
            yield temporary
            adopt(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def is_locked(folder: Path) -> bool:
    """Whether a run is going on, as far as the file system tells."""
    try:
        with locked(folder, wait=False):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def absolute_input(given: str) -> str:
    """An input that still means the same from another folder; an address without its password.

    >>> absolute_input("https://somebody:secret@example.org/a.pdf")
    'https://example.org/a.pdf'
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|[a-z]+::", given) and not Path(given).exists():
        return without_secrets(given)
    return str(Path.cwd() / given)
