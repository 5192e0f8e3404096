"""Every block of library.md and example.md runs, and prints what stands below it."""

import contextlib
import io
import re
import shlex
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from commands.main import app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A piece of code or of output, and the line of the page where it begins."""

    kind: str
    text: str
    line: int


def blocks(page):
    text = (DOCS / page).read_text("utf-8")
    found = BLOCK.finditer(text)
    return [Block(m[1], m[2], text[: m.start()].count("\n") + 2) for m in found]


def run_page(page, folder, monkeypatch):
    """Run the blocks of a page one after the other, as a reader would; gives what they named."""
    monkeypatch.chdir(folder)
    names, said = {"__name__": "__main__"}, None
    for kind, text, line in blocks(page):
        if kind == "text":
            assert said == text, f"{page}:{line}"
            said = None
            continue
        assert not said, f"{page}:{line}: what is printed before it does not stand there"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if kind == "sh":
                for command in text.splitlines():
                    run_command(*shlex.split(command))
            else:
                assert kind == "python", f"{page}:{line}"
                # with the page's own line numbers in a traceback
                exec(compile("\n" * (line - 1) + text, page, "exec"), names)
        said = printed.getvalue()
    assert not said
    return names


def run_command(program, *arguments):
    if program == "python":
        script = compile(Path(arguments[0]).read_text("utf-8"), arguments[0], "exec")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", list(arguments))
            exec(script, {"__name__": "__main__", "__file__": str(ROOT / arguments[0])})
    else:
        assert program == "./run"
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == 0, done.output


def test_the_library_page(samples, tmp_path, monkeypatch):
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (tmp_path / "output").symlink_to(samples.out)
    run_page("library.md", tmp_path, monkeypatch)


def test_the_example_page(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib import font_manager

    if not set(font_manager.get_font_names()) & set(thai_fonts()):
        pytest.skip("needs one of the Thai fonts that example.md names, such as fonts-thai-tlwg")
    (tmp_path / "docs").symlink_to(DOCS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a letter that the font has not is a warning
        names = run_page("example.md", tmp_path, monkeypatch)
    picture = tmp_path / "scores.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert names["font"] in thai_fonts()
    assert [number for number, _ in names["weakest"].index[:2]] == [5, 4]  # as it was made
    assert_shown(names["figure"], names["rows"], names["certain"])


def thai_fonts():
    """The fonts that the page's own code tries."""
    [text] = [b.text for b in blocks("example.md") if "THAI_FONTS = " in b.text]
    return re.findall(r'"([^"]+)"', text[text.index("THAI_FONTS = ") :].split(")")[0])


def assert_shown(figure, rows, certain):
    """Every score that is certain is a point of its panel and line, and no other is."""
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert len(panels) == rows["indicator_no"].nunique()
    left_out = 0  # each is a dotted line
    for number, axes in enumerate(panels, 1):
        here = certain[certain["indicator_no"] == number]
        lines = {line.get_label(): line for line in axes.lines if line.get_label()[0] != "_"}
        assert set(lines) == set(rows["agency"])
        for agency, line in lines.items():
            own = here[here["agency"] == agency]
            scores = dict(zip(own["fiscal_year"], own["score"], strict=True))
            drawn = {int(x): y for x, y in zip(*line.get_data(), strict=True) if y == y}
            assert drawn == pytest.approx(scores)
        left_out += sum(line.get_linestyle() == ":" for line in axes.lines)
    assert left_out == len(rows) - len(certain)


def test_the_archive_of_the_example_is_always_the_same(tmp_path):
    run_command("python", "docs/example.py", str(tmp_path / "a"))
    run_command("python", "docs/example.py", str(tmp_path / "b"))
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / x).iterdir()} for x in "ab")
    assert first == second
    assert len(first) == 20


@pytest.mark.parametrize(("name", "most"), [("scores.png", 150_000), ("browse-page.png", 200_000)])
def test_a_picture_of_the_docs_is_small(name, most):
    content = (DOCS / "images" / name).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < most
