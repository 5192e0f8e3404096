"""What a run keeps beside its tables, so that nothing has to be read or made twice.

`OUT/.raingan/` holds `run.json` and for each document up to three ZIP files, named by a hash of the
document's name: its pages as they were read, the pictures of its findings, and its result with the
tables' lines and the parts of audit.html as written.
They are JSON in ZIP and nothing that runs: an output folder may come from someone else.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Literal, TypeVar

import msgspec

from audit.archive import Abstract
from audit.looks import Look
from audit.model import Finding
from export.crops import Crop
from export.model import DocumentRecord, DocumentResult, explained
from extract.errors import ReportError
from extract.model import Page
from normalize.decisions import Decision

Language = Literal["en", "th"]
FOLDER, RUN, RESULT, ABOUT = ".raingan", "run.json", "result.json", "about.json"
BETWEEN, CROPS = "between.json", "crops.json"
FORMAT = 1
"""Of the kept files: another one is not read."""
BLOCK_BYTES = 1 << 20
MEMBER_BYTES = 1_000_000_000
"""No page and no result is as large when unpacked."""
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, msgspec.MsgspecError, EOFError, KeyError, OSError),
    *(ValueError, RuntimeError, NotImplementedError, RecursionError),
)
"""What a kept file that is none of ours, or no longer whole, can raise."""

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
    """The only profile that was tried; empty for all."""
    version: str = ""
    """Raingan's own."""
    documents: tuple[str, ...] = ()
    """Sorted; a name stands twice where two documents bear it."""
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
        path = self.folder / RUN
        try:
            content = path.read_bytes()
        except OSError as error:
            raise NotARun(
                f"{self.out}: no finished run is kept here ({error.strerror or error}); "
                "give the folder that `raingan convert --out` wrote"
            ) from error
        try:
            run = decode(content, Run)
        except BROKEN as error:
            raise NotARun(f"{path}: not readable ({error}); run convert again") from error
        if run.format != FORMAT:
            raise NotARun(f"{path}: kept by another version ({run.version}); run convert again")
        return run

    def names(self) -> tuple[str, ...]:
        """The documents of the run, sorted, each once."""
        return tuple(dict.fromkeys(self.run.documents))

    def has_pages(self, document: str) -> bool:
        return pages_file(self.folder, document).is_file()

    def pages(self, document: str) -> Iterator[Page]:
        """The pages as they were read, one after the other; raises NotKept, also on the way."""
        with opened(pages_file(self.folder, document), document) as archive:
            for name in archive.namelist():
                yield decode(member(archive, name), Page)

    def about(self, document: str) -> About:
        """The document's line, findings and decisions, without its tables; raises NotKept."""
        return about(result_file(self.folder, document), document)

    def between(self) -> tuple[Finding, ...]:
        """The findings between documents, as of the last time the tables were written."""
        path = self.folder / BETWEEN
        try:
            return decode(path.read_bytes(), tuple[Finding, ...])
        except BROKEN as error:
            raise NotKept(f"{path}: not readable ({error}); run convert again") from error

    def result(self, document: str) -> DocumentResult:
        """What the document came to; raises NotKept."""
        with opened(result_file(self.folder, document), document) as archive:
            return decode(member(archive, RESULT), DocumentResult)


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
    """A file's name that no document can choose; `number` counts documents of one name."""
    digest = hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{digest}-{number}" if number else digest


def pages_file(folder: Path, document: str) -> Path:
    return folder / f"{stem(document)}.pages.zip"


def crops_file(folder: Path, document: str) -> Path:
    return folder / f"{stem(document)}.crops.zip"


def result_file(folder: Path, document: str, number: int = 0) -> Path:
    return folder / f"{stem(document, number)}.zip"


def result_files(folder: Path, documents: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Each document with the file of its result, in the order given."""
    seen: Counter[str] = Counter()
    for document in documents:
        yield document, result_file(folder, document, seen[document])
        seen[document] += 1


# ---------------------------------------------------------------- values to bytes and back


def encode(value: object) -> bytes:
    """Write as JSON; half a surrogate pair, which UTF-8 does not take, as its escape."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def decode(content: bytes, kind: type[T]) -> T:
    """Undo `encode`, exactly; what is no such value raises one of BROKEN."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(content), type=kind)


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
    """A folder beside that of the run before, for a run that is not finished; gone with the block.

    What a killed run left is cleared away.
    """
    folder = out / f"{FOLDER}.{secrets.token_hex(4)}.tmp"
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(f"{FOLDER}.*.tmp"):
            with suppress(OSError), locked(left, wait=False):
                rmtree(left)
        folder.mkdir()
    try:
        with locked(folder):
            yield folder
    finally:
        rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path, wait: bool = True) -> Iterator[None]:
    """Nobody else is in a block of the same folder; not to wait raises BlockingIOError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not wait:  # else it is a file system without locks: then nobody is kept out
                raise
        yield
    finally:
        os.close(handle)


def take_place(folder: Path, out: Path) -> None:
    """Put a staged folder in the place of the one of the run before."""
    old = out / f"{FOLDER}.{secrets.token_hex(4)}.tmp"
    with suppress(FileNotFoundError):
        (out / FOLDER).rename(old)
    folder.rename(out / FOLDER)
    if old.is_dir() and not old.is_symlink():
        rmtree(old, ignore_errors=True)
    else:
        old.unlink(missing_ok=True)


def keep_pages(folder: Path, document: str, pages: Iterable[Page]) -> Iterator[Page]:
    """Pass pages on, and keep each; what was not read to its end is not kept."""
    path = pages_file(folder, document)
    with explained(path):
        path.unlink(missing_ok=True)
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


def keep_crops(folder: Path, document: str, crops: tuple[Crop, ...]) -> None:
    """Keep the pictures of a document's findings, which cannot be cut without the document."""
    keep_result(crops_file(folder, document), {CROPS: (encode(crops),)})


def kept_crops(folder: Path, document: str) -> tuple[Crop, ...]:
    """The kept pictures; none where there are none, or they cannot be read."""
    try:
        with opened(crops_file(folder, document), document) as archive:
            return decode(member(archive, CROPS), tuple[Crop, ...])
    except NotKept:
        return ()


def keep_result(path: Path, members: Mapping[str, Iterable[bytes]]) -> None:
    """Write the file of one result, whole or not at all."""
    with replacing(path) as temporary, new_archive(temporary) as archive:
        for name, content in members.items():
            add(archive, name, content)


def keep_value(path: Path, value: object) -> None:
    """Write one value as a file for itself, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(msgspec.json.format(encode(value), indent=1) + b"\n")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside a path that takes its place when it is complete, and else goes."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    with explained(path):
        try:
            yield temporary
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def absolute_input(given: str) -> str:
    """An input that still means the same from another folder; an address without its password.

    >>> absolute_input("https://somebody:secret@example.org/a.pdf")
    'https://example.org/a.pdf'
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|[a-z]+::", given) and not Path(given).exists():
        return re.sub(r"(?<=://)[^/@]*@", "", given)
    return str(Path.cwd() / given)
