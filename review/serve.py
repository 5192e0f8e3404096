"""The review's own server: at this machine, unless a token says otherwise."""

import ipaddress
import secrets
import socket
import webbrowser
from pathlib import Path
from threading import Timer

import uvicorn

from extract.errors import ReportError
from review.desk import Desk, Tools
from review.web import Guard, Site


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

    >>> sorted(hosts_of("127.0.0.1", 80))
    ['127.0.0.1:80', 'localhost:80']
    """
    shown = f"[{host}]" if ":" in host else host
    names = {f"{shown}:{port}"}
    if is_loopback(host):
        names |= {f"localhost:{port}", f"127.0.0.1:{port}"}
    if host in ("0.0.0.0", "::"):
        name = socket.gethostname()
        own = {name, socket.getfqdn(), f"{name}.local", "localhost", "127.0.0.1", *addresses()}
        names |= {f"{name}:{port}" for name in own}
    return frozenset(names)


def addresses() -> set[str]:
    """The addresses of this machine, as far as its own name leads to them."""
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()


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
    open_to_all = not is_loopback(host)
    if open_to_all and not token:
        suggestion = secrets.token_urlsafe(12)
        raise CannotServe(
            f"--host {host}: others could reach the review; give them a --token, "
            f"such as --token {suggestion}"
        )
    desk = Desk(out, tools, read_only)
    with listening(host, port) as found:
        port = found.getsockname()[1]
        guard = Guard(hosts_of(host, port), token)
        site = Site(desk, guard, language, who)
        shown = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{port}/" + (f"enter?token={token}" if token else "")
        print(f"review of {out} at {address} (Ctrl-C ends it)", flush=True)
        if browser:
            timer = Timer(0.5, webbrowser.open, [address])
            timer.daemon = True
            timer.start()
        config = uvicorn.Config(
            site.application(), log_level="warning", lifespan="off", server_header=False,
            h11_max_incomplete_event_size=32768,
        )  # fmt: skip
        if not read_only:
            desk.start()
        try:
            uvicorn.Server(config).run(sockets=[found])
        finally:
            if not read_only:
                desk.close()
