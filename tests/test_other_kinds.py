"""Other kinds of report on their way from a document to the files: a table of their own, typed."""

import hashlib
import json
from datetime import date
from decimal import Decimal

import frictionless
import pytest
from typer.testing import CliRunner

from commands.main import app
from export.files import write_run
from export.published import Published
from export.schema import TABLES, item_table
from export.store import Store, result_in, staging
from pipeline import Settings, convert_document, redo_document
from profiles.report import profile_at, profiles

PRICES = (
    ("ลำดับที่", "รายการ", "จำนวน", "หน่วย", "ราคาต่อหน่วย", "จำนวนเงิน"),
    ("๑", "=กระดาษถ่ายเอกสาร", "๑๐", "รีม", "๑๒๐.๐๐", "๑,๒๐๐.๐๐"),
    ("๒", "แฟ้มเอกสาร", "๕", "อัน", "๖๐.๕๐", "๓๐๒.๕๐"),
    ("รวมเป็นเงิน", "", "", "", "", "๑,๕๐๒.๕๐"),
)
REGISTER = """\
title_th = "ทะเบียนรถ"
title_en = "Vehicle register"
table = "vehicles"
min_columns = 3
required = ["plate"]

[[columns]]
field = "plate"
title_th = "ทะเบียน"
title_en = "Plate"
headers = ["เลขทะเบียนรถ"]

[[columns]]
field = "bought"
title_th = "วันที่ได้มา"
title_en = "Bought on"
headers = ["วันที่ได้มา"]
type = "date"

[[columns]]
field = "seats"
title_th = "ที่นั่ง"
title_en = "Seats"
headers = ["จำนวนที่นั่ง"]
type = "integer"
"""
VEHICLES = (
    ("เลขทะเบียนรถ", "วันที่ได้มา", "จำนวนที่นั่ง"),
    ("กข ๑๒๓๔", "๑ ตุลาคม ๒๕๖๗", "๑๒"),
    ("นค ๙๙", "๑๕ มกราคม ๒๕๖๘", "๔"),
)


def tsv(lines):
    return "\n".join("\t".join(line) for line in lines) + "\n"


def convert(*arguments):
    done = CliRunner().invoke(app, ["convert", *map(str, arguments), "--quiet"])
    assert done.exit_code == 0, done.output


def items(out):
    published = Published(out)
    return list(published.records(published.tables[-1]))


@pytest.fixture
def prices(tmp_path):
    """A folder with one price list, and where its run goes."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "prices.txt").write_text(tsv(PRICES), "utf-8")
    return tmp_path / "in", tmp_path / "out"


def test_items_go_to_a_table_of_their_own_with_types(prices):
    convert(prices[0], "--out", prices[1])
    published = Published(prices[1])
    assert [table.name for table in published.tables[:-1]] == [table.name for table in TABLES]
    assert published.tables[-1].name == "price_items"
    found = items(prices[1])
    assert [one["role"] for one in found] == ["item", "item", "total"]
    first = found[0]
    assert first["item"] == "=กระดาษถ่ายเอกสาร"
    assert (first["quantity"], first["unit_price"], first["amount"]) == (10, 120, Decimal("1200.0"))
    assert [type(first[name]) for name in ("page", "row", "line", "quantity", "pages")] == [
        int, int, int, Decimal, list,
    ]  # fmt: skip
    assert [one["amount"] for one in found] == [1200, Decimal("302.5"), Decimal("1502.5")]
    line = (prices[1] / "price_items.csv").read_text("utf-8-sig").splitlines()[1]
    assert line.startswith("prices.txt,1,1,0,item,1,\u00a0=กระดาษถ่ายเอกสาร,10.0,รีม,120.0,")
    (record,) = published.records(TABLES[-1])
    assert (record["status"], record["rows"]) == ("ok", 3)
    assert not list(published.records(TABLES[0]))


def test_the_package_describes_them_so_that_they_can_be_read_without_us(prices):
    convert(prices[0], "--out", prices[1])
    report = frictionless.Package(str(prices[1] / "datapackage.json")).validate()
    assert report.valid, report.flatten()
    assert report.stats["tasks"] == len(TABLES) + 1
    package = json.loads((prices[1] / "datapackage.json").read_text("utf-8"))
    schema = package["resources"][-1]["schema"]
    assert schema["primaryKey"] == ["document", "page", "row", "line"]
    assert {f["name"]: f["type"] for f in schema["fields"]}["amount"] == "number"


def test_a_table_comes_back_as_its_profile_makes_it(prices):
    """The package holds all of the table but what is only for writing."""
    convert(prices[0], "--out", prices[1])
    (profile,) = (one for one in profiles() if one.name == "price-items")
    wanted, found = item_table(profile), Published(prices[1]).tables[-1]
    assert (found.name, found.key, found.has_json) == (wanted.name, wanted.key, wanted.has_json)
    assert (found.title_th, found.title_en) == (wanted.title_th, wanted.title_en)
    for one, other in zip(wanted.fields, found.fields, strict=True):
        for part in ("name", "type", "item", "title_th", "title_en", "required", "allowed",
                     "within"):  # fmt: skip
            assert getattr(one, part) == getattr(other, part), (one.name, part)


def test_a_table_goes_when_its_last_document_has_gone(prices):
    convert(prices[0], "--out", prices[1])
    (prices[0] / "prices.txt").rename(prices[0].parent / "prices.txt")
    (prices[0] / "other.txt").write_text("ไม่มีตาราง\n", "utf-8")
    CliRunner().invoke(app, ["convert", str(prices[0]), "--out", str(prices[1]), "--quiet"])
    assert not (prices[1] / "price_items.csv").exists()
    assert not (prices[1] / "price_items.json").exists()
    assert [table.name for table in Published(prices[1]).tables] == [t.name for t in TABLES]


def test_no_file_goes_that_the_run_did_not_write(prices):
    """What `run.json` names may be anything: the folder may come from someone else."""
    mine = prices[1].parent / "mine.csv"
    mine.write_text("1\n")
    convert(prices[0], "--out", prices[1])
    path = prices[1] / ".raingan" / "run.json"
    run = json.loads(path.read_text("utf-8"))
    run["published"]["../mine.csv"] = hashlib.sha256(b"1\n").hexdigest()
    path.write_text(json.dumps(run), "utf-8")
    edited = prices[1] / "price_items.json"
    edited.write_text(edited.read_text("utf-8") + "\n", "utf-8")
    (prices[0] / "prices.txt").unlink()
    (prices[0] / "other.txt").write_text("ไม่มีตาราง\n", "utf-8")
    CliRunner().invoke(app, ["convert", str(prices[0]), "--out", str(prices[1]), "--quiet"])
    assert mine.read_text() == "1\n"
    assert edited.exists()
    assert not (prices[1] / "price_items.csv").exists()


def test_a_second_run_and_a_copy_use_what_is_kept(prices):
    convert(prices[0], "--out", prices[1])
    before = (prices[1] / "price_items.csv").read_bytes()
    content = (prices[0] / "prices.txt").read_text("utf-8")
    (prices[0] / "again.txt").write_text(content, "utf-8")
    convert(prices[0], "--out", prices[1])
    after = (prices[1] / "price_items.csv").read_bytes()
    assert after.endswith(before.partition(b"\n")[2])
    assert [one["document"] for one in items(prices[1])] == ["again.txt"] * 3 + ["prices.txt"] * 3


def test_a_kept_result_has_its_types_again(prices, tmp_path):
    (tmp_path / "kind.toml").write_text(REGISTER, "utf-8")
    (prices[0] / "prices.txt").write_text(tsv(VEHICLES), "utf-8")
    settings = Settings(own=profile_at(tmp_path / "kind.toml"))
    with staging(prices[1]) as folder:
        result = convert_document(prices[0] / "prices.txt", settings)
        assert [item.value("bought") for item in result.items] == [
            date(2024, 10, 1), date(2025, 1, 15),
        ]  # fmt: skip
        assert [item.value("seats") for item in result.items] == [12, 4]
        write_run(prices[1], [result], folder=folder, run=settings.run)
    (kept,) = (prices[1] / ".raingan" / "parts").rglob("*.zip")
    assert result_in(kept).items == result.items


def test_a_kind_from_a_file_is_tried_alone_and_an_edit_of_it_is_seen(prices, tmp_path):
    kind = tmp_path / "register.toml"
    kind.write_text(REGISTER, "utf-8")
    (prices[0] / "prices.txt").write_text(tsv(VEHICLES), "utf-8")
    given = (prices[0], "--out", prices[1], "--profile", kind)
    convert(*given)
    assert [(one["plate"], one["bought"], one["seats"]) for one in items(prices[1])] == [
        ("กข 1234", date(2024, 10, 1), 12), ("นค 99", date(2025, 1, 15), 4),
    ]  # fmt: skip
    kind.write_text(REGISTER.replace('field = "seats"', 'field = "places"'), "utf-8")
    convert(*given)
    assert [one["places"] for one in items(prices[1])] == [12, 4]
    assert Store(prices[1]).run.profile.startswith("register:")


def test_a_document_of_a_kind_from_a_file_is_done_again_without_the_file(prices, tmp_path):
    kind = tmp_path / "register.toml"
    kind.write_text(REGISTER, "utf-8")
    (prices[0] / "prices.txt").write_text(tsv(VEHICLES), "utf-8")
    convert(prices[0], "--out", prices[1], "--profile", kind)
    kind.unlink()
    again = redo_document(Store(prices[1]), "prices.txt", ())
    assert [item.value("plate") for item in again.items] == ["กข 1234", "นค 99"]


def test_a_kind_that_cannot_be_read_is_told_before_anything_is_written(prices, tmp_path):
    kind = tmp_path / "bad.toml"
    kind.write_text('titel = "x"', "utf-8")
    for path, why in ((kind, "unknown key 'titel'"), (tmp_path / "no.toml", "No such file")):
        done = CliRunner().invoke(
            app, ["convert", str(prices[0]), "--out", str(prices[1]), "--profile", str(path)]
        )
        assert done.exit_code == 4, done.output
        assert why in done.output
    assert not prices[1].exists()


def test_a_profile_is_drafted_from_a_document_and_reads_it(prices, tmp_path):
    out = tmp_path / "mine.toml"
    (prices[0] / "prices.txt").write_text(tsv(VEHICLES), "utf-8")
    asked = ["profile", "new", str(prices[0] / "prices.txt"), "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "เลขทะเบียนรถ" in out.read_text("utf-8")
    convert(prices[0], "--out", prices[1], "--profile", out)
    assert len(items(prices[1])) == 2
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 5
    assert "mine.toml" in again.output
