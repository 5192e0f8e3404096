"""What all commands share: the program's face, how it says what went wrong, and exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from extract.errors import ReportError
from pipeline import __version__

SOME_FAILED, FOUND, INTERRUPTED = 6, 8, 130
"""Exit codes that no ReportError has."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Archived Thai government reports to clean, audited rows.",
)


class FailOn(StrEnum):
    """The least severity of a finding that makes the exit code 8."""

    error = "error"
    warning = "warning"
    info = "info"


Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port; 0 takes a free one.")]
Token = Annotated[
    str, typer.Option(help="What another machine must know; needed with another --host.")
]
OpenBrowser = Annotated[bool, typer.Option(help="Open the browser.")]
"""What every command that shows pages is asked."""


class Tongue(StrEnum):
    """The language of the messages of findings."""

    en = "en"
    th = "th"


@app.callback(invoke_without_command=True)
def top(
    show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if show_version:
        typer.echo(f"raingan {__version__}")
        raise typer.Exit


@contextmanager
def errors_on_one_line() -> Iterator[None]:
    try:
        yield
    except ReportError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted: nothing was written", INTERRUPTED)


def fail(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


def note(message: str) -> None:
    typer.echo(f"note: {message}", err=True)
