"""Worker processes that a document can hang, crash or fill without harm to any other.

Each worker is a pebble pool of one: nothing is shared between workers, so that one which dies in
the middle of a message takes no lock with it. Linux ends a worker with its parent, and by itself
one that takes too long, whatever it is in the middle of.
"""

import ctypes
import os
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from extract.errors import ReportError

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

T = TypeVar("T")
R = TypeVar("R")

PR_SET_PDEATHSIG = 1
"""Of Linux' prctl.h: the signal that a process gets when its parent ends."""
WAITING = 2
"""So many tasks for each worker are taken from their source ahead of time."""
ATTEMPTS = 2
"""A worker may have been killed for what another one took, so its document is tried once more."""
CLOCKS = {signal.ITIMER_PROF: signal.SIGPROF, signal.ITIMER_REAL: signal.SIGALRM}
"""What ends a worker that takes too long, whatever it is in the middle of."""
LONGEST_SECONDS = 1e8
"""Three years: a clock takes no more than it can count."""
GLANCE_SECONDS = 0.25
"""So often a worker is looked after: one that ends with exit code 0 is not reported by pebble."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a worker is allowed."""

    seconds: float = 180.0
    """Of a processor's time for one document, so that a busy machine fails none; 0 for no limit."""
    seconds_per_page: float = 18.0
    """So much more for each page that was read."""
    patience: float = 10.0
    """So many times as long may pass on the clock, for what waits and does not work."""
    memory_bytes: int = 3_000_000_000
    """Of address space, of which half a GB is never in use; 0 for no limit."""
    tasks_per_worker: int = 300
    """Then a fresh process takes its place."""


class Lost(NamedTuple):
    """Nothing came back for a task."""

    why: str
    """For the person whose document it is."""
    trace: str = ""
    """Of a fault of our own."""


class Gone(Exception):
    """A worker ended in the middle of a task as if all was well."""


class OutOfMemory(NamedTuple):
    """What a worker says in place of a result, so that its parent tries a fresh one."""


# ---------------------------------------------------------------- inside of a worker


_per_page = 0.0
"""The seconds that the task in work gets for each page; 0 where none is in work."""
_patience = 1.0
"""Of its guard."""
_busy: "Synchronized[int] | None" = None
"""Shared with the parent: this process while a task is in work, else 0."""


def prepare(parent: int, guard: Guard, busy: "Synchronized[int]") -> None:
    """Make this process one that ends with its parent and takes no more than it may."""
    global _busy
    _busy = busy
    with suppress(OSError, AttributeError):  # another system than Linux
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for clock in CLOCKS.values():
        signal.signal(clock, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if guard.memory_bytes:
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = guard.memory_bytes
        if most != resource.RLIM_INFINITY:
            limit = min(limit, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def guarded(unit: Callable[[T], R], guard: Guard, task: T) -> R | Lost | OutOfMemory:
    """Run a task under its time limit. Only a ReportError goes on: it ends the whole run."""
    global _per_page, _patience
    _per_page = guard.seconds_per_page if guard.seconds else 0.0
    _patience = guard.patience
    if _busy is not None:
        _busy.value = os.getpid()
    _set_clocks(guard.seconds, guard.patience)
    try:
        return unit(task)
    except MemoryError:
        return OutOfMemory()
    except ReportError:
        raise
    except (Exception, SystemExit) as error:  # the other documents must not be lost to it
        return fault(error)
    finally:
        _set_clocks(0, 0)
        _per_page = 0.0
        if _busy is not None:
            _busy.value = 0


def _set_clocks(seconds: float, patience: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, min(seconds, LONGEST_SECONDS))
    signal.setitimer(signal.ITIMER_REAL, min(seconds * patience, LONGEST_SECONDS))


def one_more_page() -> None:
    """Give the task in work the time of another page; nothing where no limit is set."""
    if _per_page:
        for timer, times in ((signal.ITIMER_PROF, 1.0), (signal.ITIMER_REAL, _patience)):
            left = signal.getitimer(timer)[0]
            signal.setitimer(timer, left + _per_page * times)


def fault(error: BaseException) -> Lost:
    """What is said of an error that should not have been."""
    why = f"a fault of raingan ({type(error).__name__}); please report it with the file"
    return Lost(why, "".join(traceback.format_exception(error)))


# ---------------------------------------------------------------- outside


class Processes(SpawnContext):
    """Starts the processes of one pebble pool, and knows them."""

    def __init__(self) -> None:
        self.started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        process = SpawnProcess(*args, **kwargs)
        self.started = [one for one in self.started if one.is_alive()] + [process]
        return process

    def kill(self) -> None:
        """End them at once, before what they share with the pool is taken away from them."""
        for process in self.started:
            with suppress(OSError, ValueError, AttributeError):
                process.kill()


class Slot(NamedTuple):
    """A pool of one, and what starts its processes."""

    pool: ProcessPool
    workers: Processes


class Pool(Generic[T, R]):
    """Runs a unit of work, a module-level function, on picklable tasks in worker processes.

    A unit that raises a ReportError (the output cannot be written) raises it here; all else
    that goes wrong comes back as Lost.
    """

    def __init__(self, unit: Callable[[T], R], jobs: int, guard: Guard | None = None) -> None:
        self.jobs = max(1, jobs)
        self.guard = guard or Guard()
        self._unit = unit
        self._slots: list[Slot] = []
        self._own = threading.local()
        self._lock = threading.Lock()
        self._stopped = False
        self._threads = ThreadPoolExecutor(self.jobs, "raingan", initializer=_leave_interrupts)

    def submit(self, task: T, started: Callable[[T], object] | None = None) -> "Future[R | Lost]":
        """Queue a task; `started` is told in a thread when a worker takes it."""
        return self._threads.submit(self._run, task, started)

    def stop(self) -> None:
        """Kill the workers, whatever they are doing, and wait until they are gone."""
        with self._lock:
            self._stopped = True
            slots = list(self._slots)
        self._threads.shutdown(wait=False, cancel_futures=True)
        _end(slots)
        self._threads.shutdown()

    def close(self) -> None:
        """Wait for what was submitted, then let the workers go."""
        self._threads.shutdown()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.stop()

    def _run(self, task: T, started: Callable[[T], object] | None) -> R | Lost:
        if started is not None:
            started(task)
        lost = Lost("the run was stopped")
        for _ in range(ATTEMPTS):
            if self._stopped:
                break
            try:
                found = self._result(self._slot(), task)
            except Gone:
                lost, final = Lost(self.reason_of(0)), False
            except ProcessExpired as error:
                code = int(error.exitcode or 0)
                lost, final = Lost(self.reason_of(code)), -code in CLOCKS.values()
            except (BrokenProcessPool, CancelledError, RuntimeError) as error:
                lost, final = Lost(f"its worker could not be started ({error})"), False
            else:
                if not isinstance(found, OutOfMemory):
                    return found
                lost, final = Lost(self._too_large), False
            self._renew_slot()
            if final:
                break
        return lost

    def _result(self, slot: ProcessPool, task: T) -> R | Lost | OutOfMemory:
        future = slot.schedule(guarded, (self._unit, self.guard, task))
        busy: Synchronized[int] = self._own.busy
        while not wait((future,), GLANCE_SECONDS).done:
            if self._stopped:
                raise Gone
            process = busy.value
            if process and not _is_there(process) and not wait((future,), GLANCE_SECONDS).done:
                busy.value = 0
                raise Gone
        return future.result()

    @property
    def _too_long(self) -> str:
        guard = self.guard
        return (
            f"not done within {guard.seconds:g} seconds of work, and {guard.seconds_per_page:g} "
            "more for each page; give it more with --time-limit, or split it"
        )

    @property
    def _too_large(self) -> str:
        megabytes = self.guard.memory_bytes // 1_000_000
        return (
            f"needs more memory than a worker may take ({megabytes:,} MB); "
            "give it more with --memory-limit, or split it"
        )

    def reason_of(self, code: int) -> str:
        """Why a worker's document failed, by the exit code: negative for a signal."""
        if -code in CLOCKS.values():
            return self._too_long
        if code == -signal.SIGKILL:
            return (
                "its worker was killed twice, most likely because the machine ran out of memory; "
                "try again with fewer --jobs and --retry-failed"
            )
        if code < 0:
            with suppress(ValueError):
                return f"it crashes the reader ({signal.Signals(-code).name}); please report it"
        return f"it ends the reader (exit code {code}); please report it with the file"

    def _slot(self) -> ProcessPool:
        """The pool of one that belongs to this thread."""
        slot: Slot | None = getattr(self._own, "slot", None)
        if slot is None or not slot.pool.active:
            self._renew_slot()
            workers = Processes()
            self._own.busy = workers.Value("i", 0)
            pool = ProcessPool(
                1,
                self.guard.tasks_per_worker,
                prepare,
                (os.getpid(), self.guard, self._own.busy),
                context=workers,
            )
            slot = Slot(pool, workers)
            with self._lock:
                if self._stopped:
                    raise RuntimeError("the run was stopped")
                self._slots.append(slot)
            self._own.slot = slot
        return slot.pool

    def _renew_slot(self) -> None:
        slot: Slot | None = getattr(self._own, "slot", None)
        self._own.slot = None
        if slot is None:
            return
        with self._lock:
            if self._stopped:
                return
            self._slots.remove(slot)
        _end((slot,))


def _end(slots: Iterable[Slot]) -> None:
    """Kill the processes of these pools, and wait until they are gone."""
    slots = list(slots)
    for slot in slots:
        slot.pool.stop()  # type: ignore[no-untyped-call]  # pebble does not say
        slot.workers.kill()
    for slot in slots:
        with suppress(RuntimeError, OSError):
            slot.pool.join()


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _leave_interrupts() -> None:
    """Keep Ctrl-C from this thread, the threads that it starts, and the workers that these start.

    The main thread gets it and stops them.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def through(
    pool: "Pool[T, R]", tasks: Iterable[T], started: Callable[[T], object] | None = None
) -> Iterator[tuple[T, R | Lost]]:
    """Pass tasks through a pool in whatever order they are done, a few at a time.

    Tasks are taken from their source only as the work goes on.
    """
    waiting: dict[Future[R | Lost], T] = {}
    source = iter(tasks)
    more = True
    while more or waiting:
        while more and len(waiting) < WAITING * pool.jobs:
            try:
                task = next(source)
            except StopIteration:
                more = False
            else:
                waiting[pool.submit(task, started)] = task
        done, _ = wait(waiting, return_when=FIRST_COMPLETED) if waiting else (set(), None)
        for future in done:
            yield waiting.pop(future), future.result()
