"""Profiles as files: what stands in one, what is refused, files from outside, and drafted ones."""

import pickle
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import HEADERS, html, tsv

from extract.dump import read_dump
from extract.model import Page, Source
from normalize.draft import NothingToDraft, draft
from normalize.report import normalize
from profiles.report import (
    EXAMPLE,
    PARTS,
    BadProfile,
    Column,
    Profile,
    Relation,
    RowKind,
    parse,
    profile_at,
    profile_named,
    profiles,
)

DOCS = Path(__file__).parent.parent / "docs" / "profiles.md"
MORE = """
[[columns]]
field = "count"
type = "integer"
title_th = "จำนวน"
title_en = "Count"
headers = ["จำนวน"]

[[columns]]
field = "price"
type = "number"
title_th = "ราคา"
title_en = "Price"
headers = ["ราคา"]
"""


def test_installed_profiles_have_tables_of_their_own():
    tables = [profile.table for profile in profiles() if profile.table]
    assert "price_items" in tables
    assert len(set(tables)) == len(tables)
    assert [p.name for p in profiles() if not p.table] == ["ita-improvement"]


def test_a_profile_is_one_value_wherever_it_goes():
    prices = profile_named("price-items")
    assert pickle.loads(pickle.dumps(prices)) == prices
    assert hash(pickle.loads(pickle.dumps(prices))) == hash(prices)
    assert (prices.label, prices.ordinal, prices.key) == ("item", "item_no", "price-items")
    assert prices.tolerance == Decimal("0.01")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("title_th", "titel_th"), "unknown key 'titel_th'"),
        (('headers = ["รายการ"]', 'headers = "รายการ"'), "headers is to be a list of texts"),
        (('headers = ["รายการ"]', "headers = [1]"), "headers is to be a list of texts"),
        (("min_columns = 1", 'min_columns = "1"'), "min_columns is to be a whole number"),
        (("min_columns = 1", "min_columns = true"), "min_columns is to be a whole number"),
        (('required = ["name"]', 'required = ["nome"]'), "required column 'nome' is not among"),
        (('table = "list_items"', 'table = "rows"'), "table 'rows' is to be"),
        (('table = "list_items"', 'table = "List items"'), "table 'List items' is to be"),
        (('table = "list_items"', "table = 5"), "table is to be a text"),
        (('field = "name"', 'field = "page"'), "field 'page' is to be"),
        (('field = "name"', 'field = "ชื่อ"'), "field 'ชื่อ' is to be small letters"),
        (('title_en = "Name"', 'title_en = "Name"\ntype = "float"'), "type is one of text"),
        (('title_en = "Name"', 'title_en = "Name"\ntype = "number"'), "no column of type text"),
        (('title_en = "Name"', 'title_en = "Name"\nlead = "no"'), "lead names no column of text"),
        (('title_en = "Name"', 'title_en = "Name"\nsummed = true'), "only a number is summed"),
        (('title_en = "Name"', 'title_en = "Name"\nsummed = 1'), "summed is to be true or false"),
        (('title_en = "Name"', 'title_en = "Name"\npart_of = ""'), "part_of is of indicator rows"),
        (("min_columns = 1", "min_columns = 1\ntolerance = -1"), "tolerance is to be a number"),
        (("min_columns = 1", "min_columns = 1\ntolerance = nan"), "tolerance is to be a number"),
        (("min_columns = 1", "min_columns = 1\nrows = 3"), "rows is to be tables: [[rows]]"),
        (('title_en = "List"', ""), "missing 1 required positional argument: 'title_en'"),
        (('title_en = "List"', "title_en ="), "line 2"),
    ],
)
def test_what_a_profile_cannot_hold_is_told_in_one_line(change, said):
    text = EXAMPLE.replace(*change)
    assert text != EXAMPLE
    with pytest.raises(BadProfile) as caught:
        parse("own", text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("own.toml: ") and "\n" not in str(caught.value)
    assert caught.value.exit_code == 4
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[sums]]\nfield = "price"\nof = ["count", "name"]', "no column of numbers: 'name'"),
        ('[[sums]]\nfield = "price"\nof = ["count"]', "made of two other columns"),
        ('[[products]]\nfield = "price"\nof = ["count", "price"]', "made of two other columns"),
        ('[[products]]\nfield = "price"\nfrom = ["count"]', "unknown key 'from'"),
        ('[[rows]]\nrole = "item"\nwords = ["รวม"]', "the role of a row is one of heading"),
        ('[[rows]]\nrole = "total"\nwords = "รวม"', "words is to be a list of texts"),
        ('[[rows]]\nrole = "total"\nwords = ["รวม"]\nsign = 2', "the sign of a row is 1 or -1"),
        (MORE, "two columns have the same field"),
        (MORE.replace('"integer"', '"ordinal"').replace('"number"', '"ordinal"')
         .replace('"count"', '"a"').replace('"price"', '"b"'), "two columns number the rows"),
        ('[[groups]]\ntitle_en = "x"\nheaders = []\nyear = "2568"', "the year of a group"),
    ],
)  # fmt: skip
def test_relations_and_words_are_checked(more, said):
    with pytest.raises(BadProfile, match=said):
        parse("own", EXAMPLE + MORE + more)


def test_types_need_a_table_of_their_own():
    with pytest.raises(BadProfile, match="need `table`"):
        parse("own", EXAMPLE.replace('table = "list_items"\n', "") + MORE)


def test_a_profile_from_outside_is_named_by_its_file_and_keyed_by_its_text(tmp_path):
    file = tmp_path / "own-list.toml"
    file.write_text(EXAMPLE, "utf-8")
    first = profile_at(file)
    assert (first.name, first.table, first.title_th) == ("own-list", "list_items", "รายการ")
    file.write_text(EXAMPLE.replace('"List"', '"Lists"'), "utf-8")
    second = profile_at(str(file))
    assert first.key.startswith("own-list:") and first.key != second.key
    assert first.key == profile_key_again(tmp_path)


def profile_key_again(folder):
    file = folder / "own-list.toml"
    file.write_text(EXAMPLE, "utf-8")
    return profile_at(file).key


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.toml", None, "No such file"),
        ("latin.toml", "ราคา".encode("tis-620"), "no UTF-8 text"),
        ("price-items.toml", EXAMPLE.encode(), "has this name or table"),
        ("own.toml", EXAMPLE.replace("list_items", "price_items").encode(), "has this name or"),
        ("own.toml", b"title_th = [", "own.toml: "),
    ],
)
def test_a_file_that_is_no_profile_is_told_in_one_line(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadProfile) as caught:
        profile_at(tmp_path / name)
    assert said in str(caught.value) and "\n" not in str(caught.value)


# ------------------------------------------------------------------ the page about them


def examples():
    """The TOML of docs/profiles.md that is a whole profile."""
    parts = DOCS.read_text("utf-8").split("```toml\n")[1:]
    return [text for part in parts for text in [part.split("```")[0]] if "title_th" in text[:200]]


def test_the_profile_of_the_page_works_as_the_page_tells():
    [text] = [text for text in examples() if "table =" in text]
    profile = parse("tools", text)
    dump = DOCS.read_text("utf-8").split("```text\n")[1].split("```")[0]
    report = normalize("tools.txt", tuple(read_dump("tools.txt", dump)), (profile,))
    told = DOCS.read_text("utf-8").split("```csv\n")[1].split("```")[0].strip().split("\n")
    names = told[0].split(",")
    shown = [
        [str("" if (v := getattr(i, n, None) or i.value(n)) is None else v) for n in names]
        for i in report.items
    ]
    assert shown == [line.split(",") for line in told[1:]]


def test_the_page_tells_every_key():
    page = DOCS.read_text("utf-8")
    keys = {name for kind in (Profile, Column, *PARTS.values()) for name in kind.__annotations__}
    keys -= {"name", "digest"}
    assert {key for key in keys if f"`{key}`" not in page} == set()
    assert {Column, Relation, RowKind} < set(PARTS.values())


# ------------------------------------------------------------------ drafted profiles


def pages_of(*texts):
    return tuple(read_dump("a.txt", "".join(texts)))


def drafted(*texts, name="own-kind"):
    text = draft(name, pages_of(*texts))
    profile = parse(name, text)
    return profile, normalize("a.txt", pages_of(*texts), (profile,))


STOCK = html(
    [
        ["ลำดับ", "ชื่อพัสดุ", "รับ", "จ่าย", "คงเหลือ", "วันที่ตรวจ"],
        ["1", "กระดาษ", "120", "20", "100", "1 ต.ค. 2567"],
        ["2", "ปากกา", "50", "45", "5", "2 ต.ค. 2567"],
        ["3", "แฟ้ม", "30", "10", "20", "2 ต.ค. 2567"],
        ["", "รวมทุกรายการ", "200", "75", "125", ""],
    ],
    titles=("บัญชีพัสดุ",),
)


def test_a_drafted_profile_has_types_sums_and_words_and_reads_its_document():
    profile, report = drafted(STOCK)
    assert (profile.table, profile.title_th) == ("own_kind", "บัญชีพัสดุ")
    types = [column.type for column in profile.columns]
    assert types == ["ordinal", "text", "number", "number", "number", "date"]
    assert [column.headers for column in profile.columns][1:3] == [("ชื่อพัสดุ",), ("รับ",)]
    received, spent, left = (column.field for column in profile.columns[2:5])
    assert (received, (spent, left)) in [(sum_.field, sum_.of) for sum_ in profile.sums]
    assert [c.field for c in profile.columns if c.summed] == [received, spent, left]
    assert [item.role for item in report.items] == ["item", "item", "item", "total"]
    assert [item.value(left) for item in report.items] == [100, 5, 20, 125]


def test_the_sort_of_table_with_most_rows_is_drafted():
    other = html([["เรื่อง", "ผู้ตรวจ"], ["ครั้งแรก", "กองคลัง"]], titles=())
    profile, _ = drafted(other, STOCK)
    assert [column.headers for column in profile.columns][1] == ("ชื่อพัสดุ",)


def test_groups_tell_columns_of_one_name_apart():
    rows = [
        [("รายการ", 2, 1), ("ปีก่อน", 1, 2), ("ปีนี้", 1, 2)],
        ["จำนวน", "ราคา", "จำนวน", "ราคา"],
        ["น้ำมัน", "10", "350", "12", "430"],
        ["ยาง", "4", "8,000", "2", "4,100"],
    ]
    profile, report = drafted(html(rows, titles=("ค่าใช้จ่าย",)))
    assert [column.under for column in profile.columns] == [
        *((), ("ปีก่อน",), ("ปีก่อน",), ("ปีนี้",), ("ปีนี้",)),
    ]
    assert [[str(value) for _, value in item.values] for item in report.items] == [
        ["น้ำมัน", "10", "350", "12", "430"],
        ["ยาง", "4", "8000", "2", "4100"],
    ]


def test_what_a_dump_says_cannot_break_out_of_the_draft():
    rows = [
        ['ชื่อ "ก" \\', "ราคา'''", "หมายเหตุ]]"],
        ['"; [[rows]]', "5", "\\u0000"],
        ["x\n[[columns]]", "6", '"""'],
    ]
    profile, report = drafted(html(rows, titles=('หัวข้อ "\\',)))
    assert profile.columns[0].headers == ('ชื่อ "ก" \\',)
    assert len(report.items) == 2


def test_a_document_without_a_table_is_told_in_one_line():
    for pages in ((), (Page(Source("a.pdf", 1)),), pages_of("ข้อความ\nเท่านั้น\n")):
        with pytest.raises(NothingToDraft) as caught:
            draft("own", pages)
        assert "no table with a header" in str(caught.value)
        assert caught.value.exit_code == 4


def test_a_report_of_indicators_can_be_drafted_too():
    rows = [{field: f"ข้อความ {field}" for field in HEADERS} for _ in range(2)]
    profile, report = drafted(tsv(rows))
    assert len(report.items) == 2
    assert {c.type for c in profile.columns} == {"text"}


@given(
    st.lists(
        st.lists(
            st.sampled_from(["", "-", "๑", "2", "1.1", "รวม", "ก", "5,000.00", "1 ต.ค. 67", "ตู้"]),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_draft_always_parses_and_keeps_every_number(rows):
    text = html([["ที่", "รายการ", "จำนวนเงิน"], *rows], titles=("บัญชี",))
    profile = parse("own-kind", draft("own-kind", pages_of(text)))
    assert tomllib.loads(draft("own-kind", pages_of(text)))["table"] == "own_kind"
    report = normalize("a.txt", pages_of(text), (profile,))
    keys = [(item.page, item.row, item.line) for item in report.items]
    assert len(set(keys)) == len(keys) and keys == sorted(keys)
    printed = sum(row[2] == "5,000.00" for row in rows)
    number = profile.columns[2]
    if number.type == "number":
        assert printed == sum(item.value(number.field) == 5000 for item in report.items)
