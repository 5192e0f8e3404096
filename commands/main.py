"""All commands, in the order in which the help names them."""

from commands import convert, review, show
from commands.app import app

__all__ = ["app", "convert", "review", "show"]


def main() -> None:
    app()
