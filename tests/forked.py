"""Runs of the command line as a test wants them: cheap, short-lived, or with workers.

A forked run begins in a process that has loaded what a conversion needs: it takes a tenth of a
second, dies at the very operation on the disk that a test names, or has fewer rights and less room
than the tests themselves.
"""

import ctypes
import json
import os
import resource
import secrets
import signal
import subprocess
import sys
import traceback
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.archive import DONE, command, kill_all, marked

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "sqlite3.connect"}
CAPABILITY_VERSION, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 0x20080522, 1, 2
"""Of Linux' capability.h."""


class Ended(NamedTuple):
    """How a run ended."""

    returncode: int
    """Negative for the signal that killed it."""
    stderr: str
    operations: int
    """Changes of the output that it was about to make; 0 where it was killed."""


class Forks(NamedTuple):
    """The process that runs are forked from, and a folder of the tests' own."""

    server: subprocess.Popen
    folder: Path

    def convert(self, inputs, out, *more, die_at=0, most_bytes=0, anybody=False) -> Ended:
        """`raingan convert` in this process alone, to its end.

        It is killed before the operation `die_at` on the output; no file of its grows over
        `most_bytes`; as `anybody` it has no right to pass over permissions.
        """
        asked = ["convert", str(inputs), "--out", str(out), "--jobs", "0", *more]
        return self.run(asked, str(out), die_at, most_bytes, anybody)

    def run(self, asked, out="", die_at=0, most_bytes=0, anybody=False) -> Ended:
        """The same of any command line."""
        said = self.folder / "stderr"
        line = json.dumps([asked, out, str(said), die_at, most_bytes, anybody])
        print(line, file=self.server.stdin, flush=True)
        code, operations = map(int, self.server.stdout.readline().split())
        return Ended(code, said.read_text("utf-8", "replace"), operations)


@contextmanager
def forks(folder, warm):
    """Start the process, and have it convert a document so that all is loaded."""
    here = Path(__file__).parent
    server = subprocess.Popen(
        [sys.executable, "-c", f"import forked; forked.serve({str(warm)!r})"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        yield Forks(server, folder)
        server.stdin.close()


class Running:
    """A run with two workers in a session of its own, whose processes are known by a mark."""

    def __init__(self, inputs, out, temporary, *options):
        self.mark = secrets.token_hex(8)
        temporary.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            command([inputs], out, "--jobs", "2", *map(str, options)),
            env=marked(self.mark, temporary),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # also where the tests themselves were started as a job in the background
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        kill_all(self.mark)
        self.process.stderr.close()
        self.process.wait()

    def until_done(self, documents):
        """Wait for the line of the n-th document; False where it ended before."""
        for line in self.process.stderr:
            found = DONE.match(line)
            if found and int(found[1]) >= documents:
                return True
        return False

    def send(self, number):
        """Send a signal to all of its session, as a terminal does."""
        os.killpg(self.process.pid, number)

    def rest(self):
        """Wait for its end: the exit code, and what it still said."""
        said = self.process.stderr.read()
        return self.process.wait(), said


# ------------------------------------------------------------------------ inside that process


def serve(warm):
    """Fork a run for each line of stdin; answer with its exit code and its operations."""
    from export.store import program_fingerprint
    from pipeline import convert_document

    convert_document(warm)
    program_fingerprint()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        receiving, sending = os.pipe()
        child = os.fork()
        if not child:
            code, seen = run(*json.loads(line))
            os.write(sending, str(seen).encode())
            os._exit(code)
        os.close(sending)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, int(os.read(receiving, 20) or 0), file=answers, flush=True)
        os.close(receiving)


def run(asked, out, said, die_at, most_bytes, anybody):
    """The exit code of a command, and how often it was about to change something in `out`."""
    from commands.main import app

    seen = 0

    def watch(event, given):
        nonlocal seen
        if is_change(event, given, out):
            seen += 1
            if seen == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    for stream, path in ((1, os.devnull), (2, said)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    if anybody:
        give_up_rights()
    if most_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    sys.addaudithook(watch)
    code = 1
    try:
        app(asked)
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stderr.flush()
    return code, seen


def is_change(event, given, out):
    """The audited event is about to change something in an output."""
    if event == "open":
        path, _, flags = given
        if not (isinstance(flags, int) and flags & WRITING):
            return False
    elif event in CHANGES:
        path = given[0]
    else:
        return False
    return isinstance(path, (str, bytes, os.PathLike)) and out in os.fsdecode(path)


def give_up_rights():
    """Be no longer one who may pass over the permissions of files, as root may."""

    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    class Sets(ctypes.Structure):
        _fields_ = tuple((n, ctypes.c_uint32) for n in ("effective", "permitted", "inheritable"))

    libc = ctypes.CDLL(None)
    header, sets = Header(CAPABILITY_VERSION, 0), (Sets * 2)()
    libc.capget(ctypes.byref(header), ctypes.byref(sets))
    for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        sets[0].effective &= ~(1 << right)
        sets[0].permitted &= ~(1 << right)
    libc.capset(ctypes.byref(header), ctypes.byref(sets))
