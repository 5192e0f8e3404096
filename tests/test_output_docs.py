"""docs/output.md says what the code does, and its examples run."""

import re
from pathlib import Path

from export.describe import output_page
from export.files import write_run
from export.model import DocumentRecord, DocumentResult
from export.schema import TABLES
from export.values import drop_guard
from normalize.model import Row

PAGE = Path(__file__).parent.parent / "docs" / "output.md"


def test_the_page_is_the_one_that_the_schema_makes():
    made = "run `python -m export.describe > docs/output.md`"
    assert PAGE.read_text("utf-8") == output_page(), made


def test_every_column_stands_in_the_page_with_both_its_titles():
    page = PAGE.read_text("utf-8")
    for table in TABLES:
        section = page.partition(f"\n## {table.name}\n")[2].partition("\n## ")[0]
        columns = re.findall(r"^\| (\w+) \|[^|]*\| (\S[^|]*) \|", section, re.MULTILINE)
        assert columns[1:] == [(field.name, field.title_th) for field in table.fields]


def test_the_example_loads_what_a_run_wrote(tmp_path, monkeypatch):
    steps, units = "- ประชาสัมพันธ์\n- NA", ("กองคลัง", "กองช่าง")
    row = Row(
        "a.pdf", "i1", 1, None, "IIT", (1,), province_code="06", steps=steps, responsible=units
    )
    monkeypatch.chdir(tmp_path)
    write_run(Path("output"), [DocumentResult(DocumentRecord("a.pdf", "ok"), (row,))])
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names = {}
    exec(example, names)
    (loaded,) = names["rows"].to_dict("records")
    assert (loaded["steps"], loaded["province_code"]) == (steps, "06")
    assert loaded["responsible"] == ["กองคลัง", "กองช่าง"]
    assert loaded["weaknesses"] != loaded["weaknesses"]


def test_the_guards_pattern_is_the_one_of_the_code():
    pattern = re.search(r"undoes it exactly: `(.+?)`", PAGE.read_text("utf-8"))[1]
    for text in ["\u00a0- ก", "\u00a0ก", "\u00a0\u00a0=1", "\u00a0\tก", "- ก", "\u00a0 ＠"]:
        assert re.sub(pattern, "", text) == drop_guard(text)
