"""Documents to the workers of a dask cluster, and their results back, a window of them at a time.

`crew.py` is the other side. What is done there is written by the workers into the output folder, or
into an exchange from which it is fetched here.
"""

import asyncio
import logging
import pickle
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import Any, Generic, TypeVar

from batch.exchange import (
    AGAIN,
    Exchange,
    ExchangeFailed,
    Part,
    clear,
    fetch_parts,
    put_token,
    said,
)
from batch.pool import Guard, Lost, fault
from export.model import explained
from extract.errors import ReportError

T = TypeVar("T")
R = TypeVar("R")
Client = Any
"""Dask's, half of whose methods bear no types."""

WINDOW = 4
"""So many documents for each thread of the cluster are under way."""
PATIENCE_SECONDS = 60.0
"""So long a cluster may be without any worker."""
CONNECT_SECONDS = 15.0
LOOK_SECONDS = 5.0
"""So often the cluster is asked who has come and gone."""
TIDY_SECONDS = 1.0
"""For each of three steps at the end; workers go on with what they were told."""
ATTEMPTS = 2
"""A document that takes its dask worker along is sent once more, and then lost."""
LEFT_SECONDS = 3 * 86_400.0
"""What a run put there longer ago is taken for that of one that was killed."""
FETCHERS = 16
"""Threads that take results from the workers and the exchange."""
SHOWN = 5
"""Workers that are named in one message."""
TOKEN = ".{}.cluster.tmp"
"""The name of the empty file in a shared folder by which a worker knows that it sees the same."""


class ClusterError(ReportError):
    """There is no cluster, none that fits, or none any more."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Ground:
    """What the workers of a cluster must have in common with the program that sends them work."""

    fingerprint: str = ""
    """Of the program, as `export.store.program_fingerprint` gives it; empty to compare none."""
    written: tuple[str, ...] = ()
    """Folders that the unit writes into; absolute."""
    seen: tuple[str, ...] = ()
    """Files and folders that it reads; absolute."""


@dataclass(frozen=True, slots=True)
class Errand(Generic[T, R]):
    """What a worker has to know of a run, sent with each task."""

    id: str
    unit: Callable[[T], R]
    guard: Guard
    ground: Ground
    exchange: Exchange[T] | None = None


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """What a task came to."""

    found: R | Lost
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Unfit:
    """This worker cannot do the work of this run."""

    worker: str
    why: str


# ---------------------------------------------------------------- the coordinator


@dataclass(slots=True)
class Muster:
    """Who is there to work, as of the last look."""

    client: Client
    errand: Errand[Any, Any]
    patience: float
    note: Callable[[str], object]
    threads: dict[str, int] = field(default_factory=dict)
    """Of the workers that fit, by address."""
    unfit: dict[str, str] = field(default_factory=dict)
    looked: float = 0.0
    seen: float = field(default_factory=time.monotonic)
    """When there was a worker that fits, by the monotonic clock."""

    def look(self) -> dict[str, str]:
        """Ask who has come and gone; the newly come who do not fit, with why."""
        from batch.crew import why_unfit

        errand = self.errand
        with _gone_is_told(self.client):
            present: dict[str, int] = self.client.nthreads()
            come = [one for one in present if one not in self.threads and one not in self.unfit]
            url = errand.exchange.url if errand.exchange else ""
            asked = (errand.ground, errand.id, url)
            answers: dict[str, str | Exception] = (
                self.client.run(why_unfit, *asked, workers=come, on_error="return") if come else {}
            )
        self.threads = {one: n for one, n in present.items() if one in self.threads}
        self.unfit = {one: why for one, why in self.unfit.items() if one in present}
        misfits = {}
        for one in come:
            answer = answers.get(one, OSError("no answer"))
            if isinstance(answer, OSError):
                continue  # gone again; else it is asked with the next look
            if isinstance(answer, Exception):
                answer = f"has no raingan that fits ({said(answer)}); install the same version"
            if answer:
                misfits[one] = answer
            else:
                self.threads[one] = present[one]
        self.unfit |= misfits
        self.looked = time.monotonic()
        if self.threads:
            self.seen = self.looked
        elif self.looked - self.seen > self.patience:
            here = _address(self.client)
            raise ClusterError(
                f"{here}: no worker for {self.patience:g} seconds{self._why_none()}; "
                f"start some with `dask worker {here}` and {AGAIN}"
            )
        return misfits

    def _why_none(self) -> str:
        one = next(iter(self.unfit.items()), None)
        return f" that fits (worker {one[0]} {one[1]})" if one else ""

    def leave_out(self, worker: str, why: str) -> None:
        """Send no more work of this run there."""
        self.threads.pop(worker, None)
        if worker not in self.unfit:
            self.unfit[worker] = why
            self.note(f"worker {worker} {why}; it is left out")

    @property
    def allowed(self) -> list[str] | None:
        """The workers that work may be sent to; None for all, so that dask need not mind."""
        return list(self.threads) if self.unfit else None


@dataclass(frozen=True, slots=True)
class _Out(Generic[T]):
    """A task that is under way."""

    task: T
    attempt: int
    future: Any


def in_cluster(
    unit: Callable[[T], R],
    tasks: Iterable[T],
    address: str,
    guard: Guard | None = None,
    *,
    ground: Ground | None = None,
    exchange: Exchange[T] | None = None,
    window: int = WINDOW,
    patience: float = PATIENCE_SECONDS,
    note: Callable[[str], object] = lambda text: None,
) -> Iterator[tuple[T, R | Lost]]:
    """Have tasks done by the workers of a dask scheduler, in whatever order, each guarded there.

    As `pool.through`: tasks are taken from their source as the work goes on, and a ReportError of
    the unit is raised here. Raises ClusterError; what was yielded until then is done. A worker that
    does not fit ends the run at its start, and is left out, with a note, if it comes later.
    """
    if unit.__module__ == "__main__":
        raise TypeError(f"{unit.__qualname__} is of __main__, which a worker does not find")
    errand = Errand(token_hex(6), unit, guard or Guard(), ground or Ground(), exchange)
    with _connected(address) as client, _tokens(errand):
        muster = _first_muster(client, errand, patience, note)
        yield from _through(muster, iter(tasks), window)


def _through(muster: Muster, source: Iterator[T], window: int) -> Iterator[tuple[T, Any]]:
    """Keep a window of tasks under way, and what fails for no fault of its own once more."""
    from batch.crew import work

    client, errand = muster.client, muster.errand
    packed = pickle.dumps(errand)
    numbers = count()
    waiting: dict[str, _Out[T]] = {}
    arrived: SimpleQueue[tuple[str, Future[Done[Any] | Unfit]]] = SimpleQueue()
    threads = ThreadPoolExecutor(FETCHERS, "raingan-fetch")

    def send(task: T, attempt: int) -> None:
        key = f"raingan-{errand.id}-{next(numbers)}"
        with _gone_is_told(client):
            future = client.submit(
                work, packed, pickle.dumps(task), key=key, pure=False, workers=muster.allowed
            )
            waiting[key] = _Out(task, attempt, future)
            future.add_done_callback(lambda future: fetch(key, future))

    def fetch(key: str, future: Any) -> None:
        with suppress(RuntimeError):  # the run has ended, and its threads with it
            got = threads.submit(_answer, future, errand)
            got.add_done_callback(lambda got: arrived.put((key, got)))

    try:
        more = True
        while more or waiting:
            while more and len(waiting) < window * sum(muster.threads.values()):
                try:
                    task = next(source)
                except StopIteration:
                    more = False
                else:
                    send(task, 1)
            if not more and not waiting:
                break
            if time.monotonic() - muster.looked > LOOK_SECONDS:
                _look_again(muster)
            try:
                key, got = arrived.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            out = waiting.pop(key)
            answer = _judged(got, out.attempt, muster)
            if isinstance(answer, Unfit):
                muster.leave_out(answer.worker, answer.why)
                send(out.task, out.attempt)
            elif answer is None:
                send(out.task, out.attempt + 1)
            else:
                yield out.task, answer.found
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        _tidy(client, errand.id, [out.future for out in waiting.values()])


def _answer(future: Any, errand: Errand[Any, Any]) -> Done[Any] | Unfit:
    """What a worker said, with its files fetched."""
    answer: Done[Any] | Unfit = future.result(timeout=PATIENCE_SECONDS)
    if isinstance(answer, Done) and errand.exchange is not None:
        fetch_parts(errand.exchange.url, answer.parts, errand.exchange.folder)
    return answer


def _judged(
    got: "Future[Done[Any] | Unfit]", attempt: int, muster: Muster
) -> Done[Any] | Unfit | None:
    """What a task came to; None to have it done once more."""
    from distributed import KilledWorker

    again = attempt < ATTEMPTS
    try:
        return got.result()
    except CancelledError as error:
        raise ClusterError(
            f"{_address(muster.client)}: the scheduler has ended or dropped the work; "
            f"look at its log, start it anew with its workers, and {AGAIN}"
        ) from error
    except ExchangeFailed:
        if not again:
            raise
    except ReportError:
        raise
    except KilledWorker:
        if not again:
            why = (
                "its dask workers died with it, one after the other, most likely for want of memory"
            )
            return Done(Lost(f"{why}; try it alone, without --cluster"))
    except Exception as error:  # of dask, of its connections, of a worker without raingan
        _look_again(muster)
        if not again:
            return Done(fault(error))
    return None


def _first_muster(
    client: Client, errand: Errand[Any, Any], patience: float, note: Callable[[str], object]
) -> Muster:
    """Wait for the first worker; none may be unfit."""
    muster = Muster(client, errand, patience, note)
    with _gone_is_told(client):
        try:
            client.wait_for_workers(1, timeout=patience)
        except TimeoutError as error:
            raise ClusterError(
                f"{_address(client)}: the scheduler has no workers; start some with "
                f"`dask worker {_address(client)}` and {AGAIN}"
            ) from error
    misfits = muster.look()
    if misfits:
        lines = [f"worker {one} {why}" for one, why in sorted(misfits.items())[:SHOWN]]
        if len(misfits) > SHOWN:
            lines.append(f"and {len(misfits) - SHOWN} more")
        raise ClusterError("\n".join(lines))
    return muster


def _look_again(muster: Muster) -> None:
    for worker, why in muster.look().items():
        muster.note(f"worker {worker} {why}; it is left out")


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of a scheduler, which says nothing by itself."""
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            "--cluster needs dask.distributed; install raingan with its extra, raingan[cluster]"
        ) from error
    dask: Any = distributed
    with _quiet():
        try:
            asyncio.run(_try(dask, address))
            client = dask.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, ImportError, TypeError, RuntimeError) as error:
            raise ClusterError(
                f"{address}: no scheduler answers ({said(error)}); start one with `dask scheduler` "
                "and give its address, tcp://HOST:8786"
            ) from error
        try:
            yield client
        finally:
            _at_most(TIDY_SECONDS, client.close)


async def _try(dask: Any, address: str) -> None:
    """Connect once: a client that cannot waits 30 seconds more when it is thrown away."""
    arguments = dask.Security().get_connection_args("client")
    comm = await dask.comm.connect(address, timeout=CONNECT_SECONDS, **arguments)
    await comm.close()


@contextmanager
def _gone_is_told(client: Client) -> Iterator[None]:
    """A scheduler that does not answer any more is a ClusterError."""
    try:
        yield
    except (OSError, CancelledError, RuntimeError) as error:
        raise ClusterError(
            f"{_address(client)}: the scheduler does not answer any more ({said(error)}); "
            f"start it anew with its workers, and {AGAIN}"
        ) from error


def _address(client: Client) -> str:
    return str(client.scheduler.addr) if client.scheduler is not None else "the cluster"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dask's own log from the terminal; what matters of it is said by us."""
    names = ("distributed", "distributed.client", "tornado", "tornado.application")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _tokens(errand: Errand[Any, Any]) -> Iterator[None]:
    """What workers look for to know that they see the same storage; gone with the block."""
    folders = [Path(name) for name in errand.ground.written]
    url = errand.exchange.url if errand.exchange else ""
    try:
        for folder in folders:
            with explained(folder):
                folder.mkdir(parents=True, exist_ok=True)
                for left in folder.glob(TOKEN.format("*")):
                    if left.stat().st_mtime < time.time() - LEFT_SECONDS:
                        left.unlink(missing_ok=True)
                (folder / TOKEN.format(errand.id)).touch()
        if url:
            put_token(url, errand.id)
        yield
    finally:
        for folder in folders:
            with suppress(OSError):
                (folder / TOKEN.format(errand.id)).unlink(missing_ok=True)
        if url:
            _at_most(TIDY_SECONDS, lambda: clear(url, errand.id))


def _tidy(client: Client, run: str, futures: list[Any]) -> None:
    """Take back what is under way, and let the workers' processes of this run go."""
    from batch.crew import release_soon

    if futures:
        _at_most(TIDY_SECONDS, lambda: client.cancel(futures, force=True))
    _at_most(TIDY_SECONDS, lambda: client.run(release_soon, run, on_error="ignore"))


def _at_most(seconds: float, ask: Callable[[], object]) -> None:
    """Do what may fail or hang where the other side is gone, and wait for it no longer."""

    def asked() -> None:
        with suppress(Exception):  # it is only for the sake of order
            ask()

    thread = threading.Thread(target=asked, daemon=True)
    thread.start()
    thread.join(seconds)
