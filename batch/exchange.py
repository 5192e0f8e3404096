"""Files by way of storage that workers and coordinator both reach, where they share no folder."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Generic, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem

from export.store import adopt, new_file, sha256_of
from extract.errors import ReportError
from extract.source import without_secrets

T = TypeVar("T")

AGAIN = "run the same command again, which goes on where this one ended"
CHECK = f"check it and {AGAIN}"


class ExchangeFailed(ReportError):
    """A file could not be put into the exchange, or not be fetched from there whole."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Exchange(Generic[T]):
    """Where workers leave their files when they share no folder with the coordinator."""

    url: str
    """Of any kind that fsspec opens on both sides, or a folder."""
    folder: Path
    """The coordinator's, which takes what the workers wrote, under the same relative names."""
    into: Callable[[T, Path], T]
    """The same task, to be written into another folder; a module-level function."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file in the exchange, whole when this is told."""

    name: str
    """Relative to the folder it was written into, with `/`."""
    key: str
    """Relative to the exchange."""
    size: int
    sha256: str


def open_exchange(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it without a slash at its end."""
    files, top = fsspec.core.url_to_fs(url)
    if isinstance(files, LocalFileSystem):
        files.auto_mkdir = True
    return files, top.rstrip("/")


def send_parts(folder: Path, names: list[str], exchange: str, prefix: str) -> tuple[Part, ...]:
    """Put files into an exchange, under a prefix that nobody else uses.

    So nothing there is ever overwritten, and what is told is whole. Raises ExchangeFailed.
    """
    parts = []
    for name in names:
        path = folder / name
        parts.append(Part(name, f"{prefix}/{name}", path.stat().st_size, sha256_of(path)))
    try:
        files, top = open_exchange(exchange)
        for part in parts:
            files.put_file(str(folder / part.name), f"{top}/{part.key}")
    except Exception as error:  # what a kind of storage raises is not known here
        raise failed(
            exchange, "a result could not be put there", error, f"check it and {AGAIN}"
        ) from error
    return tuple(parts)


def fetch_parts(exchange: str, parts: tuple[Part, ...], folder: Path) -> None:
    """Take files out of an exchange into a folder, each whole or not at all, and delete them there.

    Raises ExchangeFailed.
    """
    if not parts:
        return
    try:
        files, top = open_exchange(exchange)
        for part in parts:
            _fetch(files, f"{top}/{part.key}", part, folder)
        files.rm([f"{top}/{part.key}" for part in parts])
    except Exception as error:  # what a kind of storage raises is not known here
        raise failed(
            exchange, "a result could not be fetched", error, f"check it and {AGAIN}"
        ) from error


def _fetch(files: Any, key: str, part: Part, folder: Path) -> None:
    name = PurePosixPath(part.name)
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(f"a worker names {part.name}")
    staged = new_file(folder)
    try:
        files.get_file(key, str(staged))
        if sha256_of(staged) != part.sha256:
            raise ValueError(f"{part.name} has other bytes than its worker sent")
        adopt(staged, folder / name)
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def put_token(exchange: str, run: str) -> None:
    try:
        files, top = open_exchange(exchange)
        files.pipe_file(f"{top}/{run}/token", b"")
    except Exception as error:  # what a kind of storage raises is not known here
        then = "check the URL, what opens it (s3:// needs s3fs) and who may"
        raise failed(exchange, "cannot be written to", error, then) from error


def failed(exchange: str, what: str, error: BaseException, then: str) -> ExchangeFailed:
    shown, why = without_secrets(exchange), without_secrets(said(error), exchange)
    return ExchangeFailed(f"{shown}: {what} ({why}); {then}")


def clear(exchange: str, run: str) -> None:
    """Delete what is left of a run, such as the files of workers that died."""
    files, top = open_exchange(exchange)
    files.invalidate_cache()
    files.rm(f"{top}/{run}", recursive=True)


def said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
