"""All commands, in the order in which the help names them."""

# ruff: isort: skip_file
from commands import convert, show, review, feed, profile
from commands.app import app

__all__ = ["app", "convert", "feed", "profile", "review", "show"]


def main() -> None:
    app()
