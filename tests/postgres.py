"""A real PostgreSQL for the tests: Debian's package, on loopback, in a folder of its own."""

import csv
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from export.published import LONGEST_CELL_BYTES

MISSING = "no PostgreSQL is installed (on Debian: apt-get install postgresql)"
SERVANT = "postgres"
"""The user that runs it where the tests run as root: PostgreSQL refuses to run as root."""


def programs() -> Path | None:
    """The folder of initdb, pg_ctl and psql; the newest version's."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parent.parent.name),
    )
    there = found[-1:] or [Path(path) for path in [shutil.which("initdb")] if path]
    if not there or (os.geteuid() == 0 and not _servant()):
        return None
    return there[0].parent


def _servant() -> dict[str, Any]:
    """How a child becomes the user that may run PostgreSQL; empty where this one may."""
    if os.geteuid():
        return {}
    try:
        found = pwd.getpwnam(SERVANT)
    except KeyError:
        return {}
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


@dataclass
class Server:
    """A running server, and how it is asked by its own program."""

    programs: Path
    folder: Path
    port: int
    user: str = "raingan"
    password: str = field(default_factory=lambda: f"s3cret-{secrets.token_hex(8)}")
    databases: int = 0

    def url(self, database: str, more: str = "") -> str:
        secret = quote(self.password, safe="")
        return f"postgresql://{self.user}:{secret}@127.0.0.1:{self.port}/{database}{more}"

    def new_database(self, options: str = "") -> str:
        """Make an empty database; gives its name."""
        self.databases += 1
        name = f"reports_{self.databases}"
        self.psql("postgres", f"CREATE DATABASE {name} {options}")
        return name

    def psql(self, database: str, statement: str, absent: str = "") -> list[list[str]]:
        """What psql prints as CSV, without the header."""
        done = subprocess.run(
            [
                *(self.programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", "-t"),
                *("-P", f"null={absent}", "-h", "127.0.0.1", "-p", str(self.port)),
                *("-U", self.user, "-d", database),
            ],
            input=statement,
            env=os.environ | {"PGPASSWORD": self.password, "PGCLIENTENCODING": "UTF8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        csv.field_size_limit(LONGEST_CELL_BYTES)
        return list(csv.reader(StringIO(done.stdout, newline="")))

    def control(self, *arguments: str) -> None:
        """Run pg_ctl and wait until it is done."""
        with (self.folder / "control.log").open("ab") as log:
            # no pipe: the server would hold it open
            done = subprocess.run(
                [self.programs / "pg_ctl", "-w", "-D", self.folder / "data", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                check=False,
                **_servant(),
            )
        said = (self.folder / "control.log").read_text("utf-8")
        assert done.returncode == 0, said

    def start(self) -> None:
        options = f"-F -c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder}"
        self.control("-o", options, "-l", str(self.folder / "server.log"), "start")


@contextmanager
def running(where: Path) -> Iterator[Server]:
    """A new server with nothing in it, gone with the block."""
    # pytest's own folders are closed to other users
    folder = Path(tempfile.mkdtemp(prefix="raingan-pg-"))
    servant = _servant()
    if servant:
        os.chown(folder, servant["user"], servant["group"])
    server = Server(where, folder, free_port())
    secret = folder / "password"
    secret.write_text(server.password)
    if servant:
        os.chown(secret, servant["user"], servant["group"])
    try:
        subprocess.run(
            [
                *(where / "initdb", "-D", folder / "data", "-U", server.user),
                *("--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-locale", "-N"),
            ],
            cwd=folder,
            capture_output=True,
            check=True,
            **servant,
        )
        server.start()
        try:
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
