"""`raingan review`."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.app import Host, OpenBrowser, Port, Token, Tongue, app, errors_on_one_line
from export.store import Store
from extract.errors import Unreadable
from extract.model import Picture
from extract.source import Input, find_inputs
from normalize.decisions import Decision
from normalize.report import Report, normalize
from pipeline import Settings, open_document, page_picture, redo_report, redone

if TYPE_CHECKING:
    from review.desk import Tools


@app.command(epilog="Example:  raingan review output/ --who somchai")
def review(
    output: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    host: Host = "127.0.0.1",
    port: Port = 0,
    token: Token = "",
    who: Annotated[str, typer.Option(help="Who decides, as decisions.jsonl names them.")] = "",
    lang: Annotated[Tongue | None, typer.Option(help="Language of the pages.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Show, decide nothing.")] = False,
    password: Annotated[
        list[str] | None, typer.Option(help="Of encrypted inputs, for the pictures of their pages.")
    ] = None,
    browser: OpenBrowser = True,
) -> None:
    """Decide in the browser what was not certain, beside the picture of the page."""
    from review.serve import serve

    with errors_on_one_line():
        serve(
            output, review_tools(Store(output), tuple(password or ())),
            host=host, port=port, token=token, who=who,
            language=lang.value if lang else "", read_only=read_only, browser=browser,
        )  # fmt: skip


def review_tools(store: Store, passwords: tuple[str, ...] = ()) -> "Tools":
    """What the review needs of the program: a document done again, and its pages as pictures."""
    from review.desk import Tools

    settings = Settings(passwords=passwords)

    @cache
    def inputs() -> dict[str, Input]:
        found = find_inputs(store.run.inputs, output=store.out, passwords=passwords)
        return {one.name: one for one in found}

    @cache
    def is_the_one(document: str, sha256: str) -> bool:
        return open_document(inputs()[document], settings).sha256 == sha256

    def picture(document: str, page: int, dpi: float, whole: bool) -> Picture | None:
        found = inputs().get(document)
        if found is None:
            raise Unreadable(f"{document}: not where it was converted from any more")
        if not is_the_one(document, store.about(document).record.sha256 or ""):
            raise Unreadable(f"{document}: changed since it was converted; run convert again")
        return page_picture(found, page, dpi, whole, settings)

    def report(_: Store, document: str, decisions: Iterable[Decision]) -> Report:
        if not document:  # findings between documents have no page of their own
            return normalize(document, (), ())
        return redo_report(store, document, decisions)

    return Tools(report, redone, picture)
