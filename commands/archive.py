"""An archive from its inputs to its tables: who does the work, what is due, what it came to."""

import signal
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from audit.model import Finding
from batch.archive import Decided, Due, Plan, drop_damaged, stamp_of, sweep
from batch.manifest import MANIFEST, Known, Manifest, Outcome, counted
from batch.pool import Guard, Lost, Pool, fault, through
from batch.progress import Log, Watch, reasons
from commands.app import INTERRUPTED, FailOn, fail, note
from export.audit_page import environment
from export.decisions import read_decisions
from export.files import DECISIONS, publish
from export.store import FOLDER, NotKept, Run, Store, locked, staging
from export.terminal import printable
from extract.errors import ReportError
from extract.source import Input
from normalize.decisions import Decision
from pipeline import (
    NO_PROFILE,
    Settings,
    Task,
    __version__,
    convert_unit,
    lost_outcome,
    parts_of,
    searchable_target,
)
from profiles.gazetteer import gazetteer

T = TypeVar("T")


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    documents: int = 0
    failed: int = 0
    crashed: int = 0
    partial: int = 0
    pages: int = 0
    rows: int = 0
    review: int = 0
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    decided: int = 0
    without_profile: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """How many documents failed for what."""

    def count(self, outcome: Outcome) -> None:
        self.documents += 1
        self.failed += outcome.status == "failed"
        self.partial += outcome.status == "partial"
        self.crashed += bool(outcome.crashed)
        self.pages += outcome.pages
        self.rows += outcome.rows
        self.review += outcome.review
        self.errors += outcome.errors
        self.warnings += outcome.warnings
        self.infos += outcome.infos
        self.decided += outcome.decided
        self.without_profile += outcome.error == NO_PROFILE

    def count_findings(self, findings: Sequence[Finding]) -> None:
        """Those that a person let stand are counted apart: they are settled."""
        errors, warnings, infos, decided = counted(findings)
        self.errors += errors
        self.warnings += warnings
        self.infos += infos
        self.decided += decided


@dataclass(frozen=True, slots=True)
class Means:
    """How a run is carried out: nothing of it is in what it writes, but for what failed."""

    jobs: int = 0
    """Documents at a time; 0 for one after the other in this process, without a guard."""
    guard: Guard = field(default_factory=Guard)
    cluster: str = ""
    """The address of a dask scheduler."""
    exchange: str = ""
    """The shared place for results, where the workers do not see the output folder."""
    again: bool = False
    """Also what failed before."""
    since: int | None = None
    """Files last changed before are not looked at, in nanoseconds."""
    quiet: bool = False
    log: Path | None = None
    inputs: tuple[str, ...] = ()
    """As they were given, absolute: what all workers of a cluster must see."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Have a request to end do what Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread: then others see to it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def convert_archive(
    found: Iterable[Input], asked: Run, out: Path, settings: Settings, means: Means
) -> tuple[Tally, tuple[Path, ...]]:
    """Do what is still to be done of these inputs, and write the tables of all of them."""
    with closing(Log(means.log)) as log:
        return convert_logged(found, asked, out, settings, means, log)


def convert_logged(
    found: Iterable[Input], asked: Run, out: Path, settings: Settings, means: Means, log: Log
) -> tuple[Tally, tuple[Path, ...]]:
    watch = Watch(0, quiet=means.quiet, log=log)
    try:
        with ExitStack() as stack:
            decided = Decided(read_decisions(out / DECISIONS))
            folder = stack.enter_context(staging(out))
            manifest = stack.enter_context(Manifest(folder / MANIFEST))
            if manifest.note:
                note(manifest.note)
            watch.total = manifest.begin(asked, found, means.since)
            log("run", version=__version__, out=str(out), inputs=asked.inputs, total=watch.total)
            settings = replace(settings, keep=folder)
            decided = work_off(manifest, out, settings, means, watch, decided)
            log("tables", documents=watch.total)
            stamp = stamp_of(folder, manifest.parts())
            unchanged = manifest.is_published(stamp)
            try:
                files = publish(
                    out, folder, asked, manifest.parts(), decided.all, unchanged=unchanged
                )
            except NotKept as error:
                note(f"{error}: what is damaged is done anew")
                manifest.reopen(drop_damaged(folder, manifest.parts()))
                decided = work_off(manifest, out, settings, means, watch, decided)
                files = publish(out, folder, asked, manifest.parts(), decided.all)
                stamp = stamp_of(folder, manifest.parts())
            manifest.finish(stamp)
            with locked(out):  # a review may have published since
                sweep(folder, manifest, Store(out).run.parts)
            tally = tallied(manifest, out, quiet=means.quiet)
            log("end", **{k: getattr(tally, k) for k in ("documents", "failed", "rows", "review")})
            return tally, files
    except KeyboardInterrupt:
        log("interrupted", done=watch.done, total=watch.total)
        fail(
            f"interrupted: {watch.done:,} of {watch.total:,} documents are done and kept; the same "
            "command goes on from there. The tables are as the run before left them",
            INTERRUPTED,
        )


def plan_of(manifest: Manifest, settings: Settings, decided: Decided, again: bool) -> Plan:
    """What of a run is due, with these settings and decisions."""

    def parts(found: Input, sha256: str, decisions: tuple[Decision, ...]) -> tuple[str, ...]:
        return parts_of(found, sha256, replace(settings, decisions=decisions))

    def lacks(known: Known) -> bool:
        target = searchable_target(known.found, settings)
        return target is not None and known.scanned and not target.exists()

    return Plan(manifest, settings.keep or Path(), parts, decided, again, lacks)


def work_off(
    manifest: Manifest,
    out: Path,
    settings: Settings,
    means: Means,
    watch: Watch,
    decided: Decided,
) -> Decided:
    """Do all that is due, by the decisions that there are at the end; gives these."""
    again = means.again

    def tasks(plan: Plan, source: Iterable[Due]) -> Iterator[Task]:
        for due in source:
            watch.before = before + plan.kept
            yield Task(due.found, replace(settings, decisions=due.decisions), due.again)

    before = 0
    with Workers(means, settings, watch) as workers, watch.shown():
        while True:
            plan = plan_of(manifest, settings, decided, again)
            for source in (plan, plan.late()):
                for task, got in workers.through(tasks(plan, source)):
                    outcome = lost_outcome(task, got) if isinstance(got, Lost) else got
                    manifest.record(outcome)
                    plan.done(task.found)
                    watch.ended(outcome)
            before = watch.before = before + plan.kept
            newer = Decided(read_decisions(out / DECISIONS))
            if not manifest.reopen(newer.changed_since(decided)):
                return newer
            decided, again = newer, False


class Workers:
    """Who does the tasks of a run: processes of this machine, a cluster, or this process."""

    def __init__(self, means: Means, settings: Settings, watch: Watch) -> None:
        self.means, self.settings, self.watch = means, settings, watch
        self._pool: Pool[Task, Outcome] | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()

    def through(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome | Lost]]:
        """Each task with what came of it, in the order in which they are done."""
        if self.means.cluster:
            there = first_taken(iter(tasks))
            if there is not None:  # else nobody need be asked
                yield from self._clustered(there)
        elif not self.means.jobs:
            yield from ((task, self._here(task)) for task in tasks)
        else:
            if self._pool is None:
                gazetteer()  # what the tables need of memory is taken now, not at the end
                environment()
                self._pool = Pool(convert_unit, self.means.jobs, self.means.guard)
            yield from through(self._pool, tasks, self._started)

    def _started(self, task: Task) -> None:
        self.watch.started(task.found.name)

    def _here(self, task: Task) -> Outcome | Lost:
        self._started(task)
        try:
            return convert_unit(task)
        except ReportError:
            raise
        except Exception as error:  # the other documents must not be lost to it
            traceback.print_exc()
            return fault(error)

    def _clustered(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome | Lost]]:
        from batch.cluster import Ground, in_cluster
        from batch.exchange import Exchange
        from export.store import program_fingerprint

        folder = self.settings.keep or Path()
        exchange = None
        if self.means.exchange:
            place = self.means.exchange
            if "://" not in place:
                place = str(Path(place).absolute())
            exchange = Exchange(place, folder, written_into)
        written = [folder, *([self.settings.searchable] if self.settings.searchable else [])]
        ground = Ground(
            program_fingerprint(),
            written=() if exchange else tuple(str(one.absolute()) for one in written),
            seen=tuple(one for one in self.means.inputs if Path(one).exists()),
        )
        yield from in_cluster(
            convert_unit,
            (self._absolute(task) for task in tasks),
            self.means.cluster,
            self.means.guard,
            ground=ground,
            exchange=exchange,
            note=note,
        )

    def _absolute(self, task: Task) -> Task:
        """The same task for a process in another folder."""
        found, settings = task.found, task.settings
        if found.path is not None:
            found = replace(found, path=found.path.absolute())
        keep = settings.keep.absolute() if settings.keep else None
        self._started(task)
        return replace(task, found=found, settings=replace(settings, keep=keep))


def written_into(task: Task, folder: Path) -> Task:
    """The same task, whose result is kept in another folder."""
    return replace(task, settings=replace(task.settings, keep=folder))


MOST_FAILURES = 20
"""So many documents that failed are named at the end; documents.csv has all."""


def tallied(manifest: Manifest, out: Path, quiet: bool) -> Tally:
    """Count what the run came to, and name what failed."""
    tally = Tally()
    for outcome in manifest.outcomes():
        tally.count(outcome)
    named = 0
    for status, kind in (("failed", "error"), ("partial", "note")):
        for outcome in manifest.outcomes(status):
            if outcome.error and named < MOST_FAILURES and not (quiet and kind == "note"):
                typer.echo(f"{kind}: {printable(with_name(outcome))}", err=True)
                named += 1
    if tally.failed > MOST_FAILURES:
        more = f"{tally.failed - MOST_FAILURES:,} more failed"
        typer.echo(f"error: {more}: see documents.csv, or raingan status --json", err=True)
    tally.reasons = reasons(
        (outcome.document, outcome.error or "") for outcome in manifest.outcomes("failed")
    )
    tally.count_findings(Store(out).between())
    return tally


def show_plan(found: Iterable[Input], out: Path, settings: Settings, means: Means) -> None:
    """Say which documents a run would do, and which it would leave as they are."""
    folder = out / FOLDER
    settings = replace(settings, keep=folder)
    with Manifest.copied(folder / MANIFEST) as manifest:
        total = manifest.begin(settings.run, found, means.since)
        decided = Decided(read_decisions(out / DECISIONS))
        plan = plan_of(manifest, settings, decided, means.again)
        for due in plan:
            plan.done(due.found)
            if not means.quiet:
                typer.echo(printable(due.found.name))
    failed = plan.failed
    typer.echo(
        f"{total:,} documents: {plan.new:,} new, {plan.changed:,} changed, {plan.retried:,} to be "
        f"tried again, {plan.kept:,} as they are"
        + (f" ({failed:,} of them failed: see --retry-failed)" if failed else ""),
        err=True,
    )


def with_name(outcome: Outcome) -> str:
    """An error that names its document once."""
    error = outcome.error or ""
    return error if error.startswith(outcome.document) else f"{outcome.document}: {error}"


def first_taken(found: Iterator[T]) -> Iterator[T] | None:
    """The same, the first of which is there: None where there is none.

    So what is wrong with the paths given is raised before anything is written.
    """
    first = next(found, None)
    return None if first is None else chain((first,), found)


def is_found(tally: Tally, fail_on: FailOn | None) -> bool:
    """Whether there is a finding of this severity or worse that nobody has decided on."""
    counts = {"error": tally.errors, "warning": tally.warnings, "info": tally.infos}
    worst = list(counts)[: list(FailOn).index(fail_on) + 1] if fail_on else []
    return any(counts[severity] for severity in worst)
