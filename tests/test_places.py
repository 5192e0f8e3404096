"""The agency of a document, from single names to whole documents of damaged pages."""

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.places import Mention, find_mentions, resolve_agency, same_agency
from profiles.gazetteer import BANGKOK, Subdistrict, gazetteer, look_alikes, name_key

CASES = tomllib.loads((Path(__file__).parent / "cases/agencies.toml").read_text("utf-8"))["case"]


def pages(spans: str) -> list[int]:
    """`1,3-5` as the numbers it means."""
    ends = [span.split("-") for span in spans.split(",")]
    return [page for span in ends for page in range(int(span[0]), int(span[-1]) + 1)]


def mentions(case: dict[str, Any]) -> list[Mention]:
    found: list[Mention] = []
    for spans, text in case["title"]:
        found += [m for page in pages(spans) for m in find_mentions(page, text, "title")]
    for spans, text in case.get("body", []):
        found += [m for page in pages(spans) for m in find_mentions(page, text, "body")]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_case(case: dict[str, Any]) -> None:
    agency = resolve_agency(mentions(case), gazetteer())
    if "agency" in case:
        assert agency.name == case["agency"]
        assert agency.district_code == case.get("district_code")
    assert agency.how == case["how"]
    assert agency.needs_review == case["review"]
    if "strangers" in case:
        assert sorted({r.name for r in agency.strangers}) == sorted(case["strangers"])
    if "unknown" in case:
        assert sorted({r.name for r in agency.unknown_readings}) == sorted(case["unknown"])


def test_labels_are_unique() -> None:
    assert len({case["label"] for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("เทศบาลตำบลท่าเคยได้ดำเนินการ", "ท่าเคย", "ท่าเคยได้ดำเนินการ"),
        ("เว็บไซต์ของ เทศบาลตำบล ศรี เตี้ยมีระเบียบ", "ศรีเตี้ย", "ศรีเตี้ยมีระเบียบ"),
        ("เว็บไซต์ของเทศบาลตำบลท่าเคย\tข้อความ", "ท่าเคย", "ท่าเคย"),
        ("เทศบาลตำบลสันติสุขพัฒนามีระเบียบ", "", "สันติสุขพัฒนามีระเบียบ"),
        ("เทศบาลตำบลนาดีเด่น", "", "นาดีเด่น"),
    ],
)
def test_name_in_running_text(text: str, name: str, rest: str) -> None:
    (mention,) = find_mentions(1, text, "body")
    assert (mention.name, mention.rest) == (name, rest)


def test_running_text_ends_where_a_title_ends() -> None:
    title = "เทศบาลตำบลสันติสุขพัฒนา อำเภอบ้านโฮ่ง จังหวัดลำพูน"
    agency = resolve_agency(
        (
            *find_mentions(1, title, "title"),
            *find_mentions(2, "เทศบาลตำบลสันติสุขพัฒนามีระเบียบ", "body"),
        ),
        gazetteer(),
    )
    assert [(r.name, r.pages) for r in agency.votes] == [
        ("เทศบาลตำบลสันติสุขพัฒนา", (1,)),
        ("เทศบาลตำบลสันติสุขพัฒนา", (2,)),
    ]


def test_conflict_lists_every_reading_of_the_titles() -> None:
    right, wrong = (f"เทศบาลตำบล{n} อำเภอบ้านนา จังหวัดนครนายก" for n in ("ทองหลาง", "ทองหลาว"))
    texts = {2: right, 3: wrong, 4: right, 5: wrong}
    agency = resolve_agency(
        [m for page, text in texts.items() for m in find_mentions(page, text, "title")],
        gazetteer(),
    )
    assert agency.name == "เทศบาลตำบลทองหลาง"
    assert [(r.place, r.pages, r.relation) for r in agency.conflicting] == [
        ("ทองหลาง", (2, 4), "same"),
        ("ทองหลาว", (3, 5), "variant"),
    ]
    assert [r.pages for r in agency.unknown_readings] == [(3, 5)]
    assert [(s.rule, s.field, s.before, s.after, s.pages) for s in agency.steps] == [
        ("place_by_vote", "agency", "เทศบาลตำบลทองหลาว", "เทศบาลตำบลทองหลาง", (3, 5))
    ]


def test_agreeing_pages_are_no_conflict() -> None:
    text = "อบต.ท่าเคย อ.ท่าฉาง จ.สุราษฎร์ธานี"
    agency = resolve_agency([*find_mentions(1, text, "title")], gazetteer())
    assert (agency.conflicting, agency.strangers, agency.unknown_readings) == ((), (), ())
    assert (agency.name, agency.confidence) == ("องค์การบริหารส่วนตำบลท่าเคย", 1.0)


def test_ambiguous_name_offers_its_places() -> None:
    agency = resolve_agency(
        [m for page in (1, 2) for m in find_mentions(page, "เทศบาลตำบลหนองบัว", "title")],
        gazetteer(),
    )
    assert agency.district is None
    assert len({c.district_code for c in agency.candidates}) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("เทศบาลตำบลทองหลาว", "เทศบาลตำบลทองหลาง", True),
        ("เทศบาลตำบลห้องชัยพัฒนา", "เทศบาลตำบลห้วยซ้อพัฒนา", True),
        ("ทต.ศรี เตี้ย", "เทศบาลตำบลศรีเตีย", True),
        ("เทศบาลตำบลท่าเคย", "เทศบาลตำบลหนองน้อย", False),
        ("เทศบาลเมืองศรีเตี้ย", "เทศบาลตำบลศรีเตี้ย", False),
        ("โรงพยาบาลพิชัย", "โรงพยาบาลพิซัย", True),
    ],
)
def test_same_agency(one: str, other: str, same: bool) -> None:
    assert same_agency(one, other) is same


# ---------------------------------------------------------------- documents with damaged pages


def damaged(name: str, dice: random.Random) -> str:
    """The name with one letter read as a look-alike."""
    swaps = [(i, pair[1]) for i, c in enumerate(name) for pair in ALIKE.get(c, ())]
    at, letter = dice.choice(swaps)
    return name[:at] + letter + name[at + 1 :]


ALIKE: dict[str, list[str]] = {}
for pair, cost in sorted(look_alikes().swapped.items()):
    if cost <= 0.4:
        ALIKE.setdefault(pair[0], []).append(pair)


def title(place: Subdistrict, name: str) -> str:
    district = gazetteer().district_by_code[place.district_code]
    province = gazetteer().province_by_code[district.code[:2]]
    return f"เทศบาลตำบล{name} อำเภอ{district.name} จังหวัด{province.name}"


@pytest.mark.parametrize("seed", range(300))
def test_a_third_of_the_pages_damaged(seed: int) -> None:
    dice = random.Random(seed)
    places = [
        s for s in gazetteer().subdistricts if len(s.name) > 2 and s.district_code[:2] != BANGKOK
    ]
    place, stranger = dice.sample(places, 2)
    found: list[Mention] = []
    for page in range(1, 10):
        name = damaged(place.name, dice) if page % 3 == 0 else place.name
        found += find_mentions(page, title(place, name), "title")
    alone = resolve_agency(found, gazetteer())
    for page in (4, 6):
        found += find_mentions(page, f"ตามที่เทศบาลตำบล{stranger.name}ได้ดำเนินการ", "body")
    together = resolve_agency(found, gazetteer())
    for agency in (alone, together):
        assert agency.name == f"เทศบาลตำบล{place.name}"
        assert agency.district_code == place.district_code
        assert not agency.needs_review
    assert not alone.strangers
    if stranger.name != place.name:
        assert {r.body_pages for r in together.strangers} <= {(4, 6)}


PIECES = [
    "เทศบาลตำบล", "เทศบาล", "ตำบล", "ทต.", "อบต.", "องค์การบริหารส่วนจังหวัด", "ศรี", "เตี้ย", "ควร", "และ",
    "อำเภอ", "อ.", "บ้านโฮ่ง", "บ้าน", "จังหวัด", "จ.", "ลำพูน", "ลํา", "มีระเบียบ", "เลขที่ ๙๙",
    "โรงพยาบาลพิชัย",
    " ", "\n", "\t", "\u200b", "้", "-", "พ.ศ. ๒๕๖๙", "ITA", "(", "ประเด็น", "เมือง", "กรุงเทพมหานคร",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_text_gives_names_that_stand_in_it(text: str, titled: bool) -> None:
    found = find_mentions(1, text, "title" if titled else "body")
    letters = name_key(text)
    for mention in found:
        for name in (mention.name, mention.district, mention.province):
            assert name is None or name_key(name) in letters
    agency = resolve_agency(found, gazetteer())
    assert (agency.name is None) == (not any(r.place for r in agency.votes))
    assert 0 <= agency.confidence <= 1
    assert agency == resolve_agency(found[::-1], gazetteer())


def test_gazetteer_is_official() -> None:
    official = gazetteer()
    assert (len(official.provinces), len(official.districts)) == (77, 928)
    assert official.province_by_name["กรุงเทพมหานคร"].code == BANGKOK
    assert official.district_by_code["1001"].name == "พระนคร"
    assert all(len(d.code) == 4 and not d.name.startswith("อำเภอ") for d in official.districts)
