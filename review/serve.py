"""The review's own server: at this machine, unless a token says otherwise."""

import getpass
import ipaddress
import secrets
import signal
import socket
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import NamedTuple

import uvicorn

from export.files import DECISIONS
from export.model import CannotWrite
from extract.errors import ReportError
from review.desk import Desk, Tools
from review.web import Application, Guard, Site


class CannotServe(ReportError):
    """The address cannot be listened on, or not without a token."""

    exit_code = 2


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listening(host: str, port: int) -> socket.socket:
    """A socket on an address. Raises CannotServe."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except (OSError, OverflowError) as error:
        found.close()
        raise CannotServe(f"{host}:{port}: cannot listen ({error}); choose another --port") from (
            error
        )
    return found


def hosts_of(host: str, port: int) -> frozenset[str]:
    """What a Host header may say: the address itself, and the names of this machine for itself.

    >>> sorted(hosts_of("127.0.0.1", 8000))
    ['127.0.0.1:8000', 'localhost:8000']
    """
    shown = f"[{host}]" if ":" in host else host
    names = {f"{shown}:{port}"}
    if is_loopback(host):
        names |= {f"localhost:{port}", f"127.0.0.1:{port}"}
    if host in ("0.0.0.0", "::"):
        name = socket.gethostname()
        own = {name, socket.getfqdn(), f"{name}.local", "localhost", "127.0.0.1", *addresses()}
        names |= {f"{name}:{port}" for name in own}
    if port == 80:  # browsers leave it out
        names |= {name.removesuffix(":80") for name in names}
    return frozenset(names)


def addresses() -> set[str]:
    """The addresses of this machine: those of its own name, and the one it would send from."""
    found = set()
    with suppress(OSError):
        found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("192.0.2.1", 9))  # sends nothing; Debian's own name leads to 127.0.1.1
        found.add(str(sender.getsockname()[0]))
    return found


def login_name() -> str:
    """Who is at this machine, empty where it has no name for them."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""


class Door(NamedTuple):
    """Where a server of this program can be reached, and by whom."""

    socket: socket.socket
    guard: Guard
    address: str
    """What a person opens; with the token, where one is needed."""


@contextmanager
def listening_at(host: str, port: int, token: str, what: str) -> Iterator[Door]:
    """Listen on an address, port 0 for a free one. Raises CannotServe.

    `what` is served there, for a message: without a token only this machine may reach it.
    """
    if not is_loopback(host) and not token:
        suggestion = secrets.token_urlsafe(12)
        raise CannotServe(
            f"--host {host}: others could reach {what}; give them a --token, "
            f"such as --token {suggestion}"
        )
    with listening(host, port) as found:
        port = found.getsockname()[1]
        shown = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{port}/" + (f"enter?token={token}" if token else "")
        yield Door(found, Guard(hosts_of(host, port), token), address)


def answer(application: Application, door: Door, what: str, browser: bool) -> None:
    """Say what is where, open the browser there, and answer until Ctrl-C or SIGTERM."""
    config = uvicorn.Config(
        application, log_level="warning", lifespan="off", server_header=False, ws="none",
        h11_max_incomplete_event_size=32768,
    )  # fmt: skip
    server = uvicorn.Server(config)

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    # from before the address is known; an exception would end what has to be done at the end
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        print(f"{what} at {door.address} (Ctrl-C ends it)", flush=True)
        if browser:
            timer = Timer(0.5, webbrowser.open, [door.address])
            timer.daemon = True
            timer.start()
        server.run(sockets=[door.socket])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(
    out: Path,
    tools: Tools,
    *,
    host: str,
    port: int,
    token: str,
    who: str,
    language: str,
    read_only: bool,
    browser: bool,
) -> None:
    """Show the review until it is interrupted; what was decided is then in all tables.

    Raises CannotServe, and NotARun where the folder holds no finished run.
    """
    with listening_at(host, port, token, "the review") as door:
        desk = Desk(out, tools, read_only)
        who = who or (login_name() if is_loopback(host) else "")
        site = Site(desk, door.guard, language, who)
        if not read_only:
            desk.start()
        try:
            answer(site.application(), door, f"review of {out}", browser)
        finally:
            if not read_only:
                desk.close()
        if desk.failed:
            raise CannotWrite(f"{desk.failed}; what was decided is kept in {DECISIONS}")
