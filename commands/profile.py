"""Kinds of report: `raingan profiles`, `raingan profile new`."""

from pathlib import Path
from typing import Annotated

import typer

from commands.app import app, errors_on_one_line
from export.model import explained
from normalize.draft import draft
from pipeline import Settings, only_input, read_document
from profiles.report import profiles

profile = typer.Typer(no_args_is_help=True, help="Kinds of report of your own.")
app.add_typer(profile, name="profile")


@app.command("profiles")
def list_profiles() -> None:
    """List the kinds of report that are known."""
    with errors_on_one_line():
        for known in profiles():
            typer.echo(f"{known.name}: {known.title_en} ({known.title_th})")
            typer.echo(f"  to {known.table or 'rows'}.csv; columns: {', '.join(known.fields)}")


@profile.command(epilog="Example:  raingan profile new register.pdf --out register.toml")
def new(
    file: Annotated[str, typer.Argument(help="A document of the kind.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write, where there is none yet.")
    ] = None,
    password: Annotated[list[str] | None, typer.Option(help="Try this if it is encrypted.")] = None,
) -> None:
    """Draft a profile from the tables of a document, to be completed by hand.

    docs/profiles.md tells what stands in it. `raingan convert --profile FILE.toml` uses it.
    """
    with errors_on_one_line():
        found = only_input(file)
        reading = read_document(found, Settings(passwords=tuple(password or ())))
        name = out.name.removesuffix(".toml") if out else "new-kind"
        text = draft(name, list(reading.pages))
        if out is None:
            typer.echo(text, nl=False)
            return
        with explained(out), out.open("x", encoding="utf-8") as target:
            target.write(text)
    typer.echo(f"{out}: fill in what it marks, then: raingan convert {file} --profile {out}")
