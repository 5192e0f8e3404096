"""The worker's side of a cluster: documents in worker processes, as on one machine.

A dask worker runs each task in a thread, and that hands it to a pool of as many processes as the
dask worker has threads. So a document that crashes or hangs takes one of these, and never the dask
worker. A dask worker has one pool for each run.
"""

import asyncio
import pickle
import threading
from concurrent.futures import CancelledError
from dataclasses import dataclass
from multiprocessing import current_process
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from distributed import Worker, WorkerPlugin, get_worker

from batch.cluster import TOKEN, Done, Errand, Ground, Unfit
from batch.exchange import Exchange, open_exchange, said, send_parts
from batch.pool import Lost, Pool
from extract.source import without_secrets

T = TypeVar("T")
R = TypeVar("R")

IDLE_SECONDS = 60.0
"""So long after its last document a worker keeps its processes: its coordinator may be gone."""
ENDED = "is being stopped"


# ---------------------------------------------------------------- who may take part


def why_unfit(ground: Ground, token: str, exchange: str = "") -> str:
    """Why this worker cannot do what is asked; empty where it can."""
    if ground.fingerprint:
        why = _another_program(ground.fingerprint)
        if why:
            return why
    for name in ground.written:
        folder = Path(name)
        if not (folder / TOKEN.format(token)).exists():
            return (
                f"does not see the output folder {folder}; put it on storage that all workers "
                "share under the same path, or give --exchange"
            )
        try:
            trial = folder / TOKEN.format(token_hex(6))
            trial.touch()
            trial.unlink()
        except OSError as error:
            return f"cannot write into {folder} ({error.strerror or error}); check its permissions"
    for name in ground.seen:
        if not Path(name).exists():
            return (
                f"does not see the input {name}; put it on storage that all workers share under "
                "the same path, or give a URL"
            )
    if exchange:
        shown = without_secrets(exchange)
        try:
            files, top = open_exchange(exchange)
            files.invalidate_cache()
            if not files.exists(f"{top}/{token}/token"):
                return f"does not see the exchange {shown}; check that it is the same for all"
        except Exception as error:  # what a kind of storage raises is not known here
            why = without_secrets(said(error), exchange)
            return f"cannot open the exchange {shown} ({why})"
    return ""


def _another_program(expected: str) -> str:
    try:
        from export.store import program_fingerprint

        own = program_fingerprint()
    except ImportError as error:
        return f"has no raingan that is complete ({error}); install the same version on all"
    if own == expected:
        return ""
    return (
        f"runs another state of raingan ({own[:12]}, not {expected[:12]}); "
        "install the same version with the same libraries on all, and start the worker anew"
    )


# ---------------------------------------------------------------- a document


@dataclass(slots=True)
class Crew:
    """The processes that a dask worker has for one run."""

    why: str
    pool: Pool[Any, Any] | None = None
    busy: int = 0
    leaving: threading.Timer | None = None


_crews: dict[str, Crew] = {}
_released: set[str] = set()
_watched = False
_lock = threading.Lock()


def work(errand: bytes, task: bytes) -> Done[Any] | Unfit:
    """Do one task, wherever dask has sent it. It comes pickled, for only a worker to unpack."""
    worker = get_worker()
    try:
        asked: Errand[Any, Any] = pickle.loads(errand)
        given = pickle.loads(task)
    except (ImportError, AttributeError) as error:
        return Unfit(
            worker.address, f"has no raingan that fits ({error}); install the same version"
        )
    crew = _join(asked, worker)
    try:
        if crew.pool is None:
            return Unfit(worker.address, crew.why)
        if asked.exchange is None:
            done = Done(crew.pool.submit(given).result())
        else:
            done = _sent(crew.pool, asked.id, asked.exchange, given, worker.local_directory)
    except (CancelledError, RuntimeError):
        if asked.id not in _released:
            raise
        return Unfit(worker.address, ENDED)
    finally:
        _leave(asked.id, crew)
    if isinstance(done.found, Lost) and asked.id in _released:
        return Unfit(worker.address, ENDED)  # it was stopped in the middle of it
    return done


def _sent(pool: Pool[T, R], run: str, exchange: Exchange[T], task: T, scratch: str) -> Done[R]:
    """Do it in a folder of its own, whose files go to the exchange before the result is told."""
    with TemporaryDirectory(prefix=f"raingan-{run}-", dir=scratch) as name:
        folder = Path(name)
        found = pool.submit(exchange.into(task, folder)).result()
        if isinstance(found, Lost):
            return Done(found)
        names = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        return Done(found, send_parts(folder, names, exchange.url, f"{run}/{token_hex(8)}"))


def _join(errand: Errand[Any, Any], worker: Worker) -> Crew:
    """The crew of this run, with one more task to do."""
    with _lock:
        crew = _crews.get(errand.id)
        if crew is None:
            url = errand.exchange.url if errand.exchange else ""
            crew = Crew(why_unfit(errand.ground, errand.id, url))
            if errand.id in _released:
                crew.why = ENDED
            elif not crew.why:
                allow_children()
                crew.pool = Pool(errand.unit, worker.state.nthreads, errand.guard)
                _watch(worker)
                _crews[errand.id] = crew
        crew.busy += 1
        if crew.leaving is not None:
            crew.leaving.cancel()
            crew.leaving = None
    return crew


def _leave(run: str, crew: Crew) -> None:
    """One task less; with the last one the clock starts after which the processes go."""
    with _lock:
        crew.busy -= 1
        if crew.busy or crew.pool is None:
            return
        crew.leaving = threading.Timer(IDLE_SECONDS, release, (run, crew))
        crew.leaving.daemon = True
        crew.leaving.start()


def release(run: str, idle: Crew | None = None) -> None:
    """End the processes of a run, whatever they do; with `idle`, only if that crew still is."""
    with _lock:
        crew = _crews.get(run)
        if idle is None:
            _released.add(run)
        elif crew is not idle or idle.busy:
            return
        _crews.pop(run, None)
    if crew is not None and crew.leaving is not None:
        crew.leaving.cancel()
    if crew is not None and crew.pool is not None:
        crew.pool.stop()


async def release_soon(run: str) -> None:
    """The same for dask to run, which must not wait for it."""
    await asyncio.to_thread(release, run)


class Leave(WorkerPlugin):
    """Has all processes end with the dask worker that closes."""

    async def teardown(self, worker: Worker) -> None:
        for run in list(_crews):
            await release_soon(run)


def _watch(worker: Worker) -> None:
    """Attach Leave to a dask worker, once: adding it again would tear the first one down."""
    global _watched
    if not _watched:
        _watched = True
        worker.loop.add_callback(worker.plugin_add, Leave(), "raingan")


def allow_children() -> None:
    """Let this process start others, which multiprocessing denies to those of dask's nanny.

    It denies it for fear of orphans; ours end with their parent (`batch.pool.prepare`).
    """
    if current_process().daemon:
        current_process().daemon = False
