"""Checks between documents: what each finds in an archive, and what looks like it."""

import inspect
import random
import re
import tracemalloc
import weakref
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path
from tempfile import gettempdir

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.archive import (
    ARCHIVE_CHECKS,
    MOST_A_YEAR,
    Abstract,
    Answer,
    abstract_of,
    archive_findings,
    archive_of,
    is_official,
)
from audit.checks import CHECKS
from export.spool import Spool
from normalize.model import Row
from normalize.places import NAME_ALIKE, look_alike_cost
from profiles.framework import framework_for

LAMPHUN = {"province_code": "51", "district_code": "5103"}


def document(year, name="เทศบาลตำบลศรีเตี้ย", answers=None, file="", **more):
    """The abstract of the plan for one year."""
    said = {"i1": (1, 80), "i6": (2, 75), "e1": (3, 90), "o2": (4, None)}
    said |= answers or {}
    return replace(
        Abstract(
            file or f"{year}.pdf",
            f"{year}{name}{file}",
            name,
            LAMPHUN["province_code"],
            LAMPHUN["district_code"],
            year,
            year - 1,
            tuple(
                Answer(
                    code, None if score is None else Decimal(score), 1000 * year + text, 200, text
                )
                for code, (text, score) in said.items()
            ),
        ),
        **more,
    )


def same_text(abstract, codes, as_in):
    """The abstract with the texts of another for some codes."""
    texts = {a.code: a.text for a in as_in.answers}
    return replace(
        abstract,
        answers=tuple(
            a._replace(text=texts[a.code]) if a.code in codes else a for a in abstract.answers
        ),
    )


def worded(*codes):
    """Rows whose questions have the wording of 2568."""
    return tuple(Answer(code, None, n, 200, n, (2568,)) for n, code in enumerate(codes, 1))


BEFORE, NOW = document(2568), document(2569, answers={"i1": (1, 82), "i6": (2, 70), "e1": (3, 91)})
CLEAN = [BEFORE, NOW, document(2570, answers={"i1": (1, 84), "i6": (2, 74), "e1": (3, 93)})]

UNWORDED = [q.code for q in framework_for(2567).questions if not q.text and q.code[0] in "ie"]
"""Codes of 2567 whose questions nobody has found."""

FOUND = {
    "agency_variant": (
        [BEFORE, replace(NOW, agency="เทศบาลตำบลศรีเดี้ย", district_code=None)],
        {"suggestion": "เทศบาลตำบลศรีเตี้ย", "documents": ("2568.pdf", "2569.pdf")},
    ),
    "report_repeated": (
        [BEFORE, document(2568, file="again.pdf", answers={"i1": (1, 60)})],
        {"severity": "warning", "documents": ("2568.pdf", "again.pdf"), "code": "i1"},
    ),
    "report_missing": (
        [BEFORE, document(2571, answers={"i1": (1, 81)})],
        {"suggestion": "2569, 2570", "documents": ("2568.pdf", "2571.pdf")},
    ),
    "text_copied": (
        [BEFORE, same_text(document(2569, answers={"i6": (2, 90)}), ["i6"], BEFORE)],
        {"code": "i6", "field": "score"},
    ),
    "score_copied": ([BEFORE, document(2569)], {"code": "i1;i6;e1"}),
    "score_jump": (
        [BEFORE, document(2569, answers={"i1": (1, 40), "i6": (2, 70)})],
        {"code": "i1", "documents": ("2568.pdf", "2569.pdf")},
    ),
    "framework_mismatch": (
        [
            replace(
                BEFORE,
                assessment_year=2569,
                answers=tuple(Answer(f"o{n}", None, n, 200, n, (2568,)) for n in range(20, 24)),
            )
        ],
        {"suggestion": "2568", "field": "assessment_year"},
    ),
}
ALONE = {
    "agency_variant": {
        "one name": CLEAN,
        "two official names of one district": [BEFORE, replace(NOW, agency="เทศบาลตำบลป่าพลู")],
        "the name in another province": [
            BEFORE,
            replace(NOW, agency="เทศบาลตำบลศรีเดี้ย", province_code="50", district_code=None),
        ],
        "a name that is not like it": [
            BEFORE,
            replace(NOW, agency="เทศบาลตำบลห้วยซ้อ", district_code=None),
        ],
    },
    "report_repeated": {
        "one a year": CLEAN,
        "another agency": [BEFORE, replace(BEFORE, document="b.pdf", agency="เทศบาลตำบลป่าพลู")],
        "nobody knows whose": [
            replace(BEFORE, agency=None),
            replace(BEFORE, agency=None, document="b.pdf"),
        ],
    },
    "report_missing": {"every year": CLEAN, "one year": [BEFORE]},
    "text_copied": {
        "other texts": CLEAN,
        "the score moved by a point": [
            BEFORE,
            same_text(document(2569, answers={"i6": (2, 76)}), ["i6"], BEFORE),
        ],
        "no score": [BEFORE, same_text(NOW, ["o2"], BEFORE)],
        "the same code of two years before": [
            BEFORE,
            same_text(document(2570, answers={"i6": (2, 90)}), ["i6"], BEFORE),
        ],
    },
    "score_copied": {
        "one of three moved": [BEFORE, document(2569, answers={"i1": (1, 81)})],
        "the texts are the same too": [
            BEFORE,
            same_text(document(2569), ["i1", "i6", "e1", "o2"], BEFORE),
        ],
    },
    "score_jump": {
        "by less": [BEFORE, document(2569, answers={"i1": (1, 60)})],
        "another question under the same code": [
            BEFORE,
            replace(
                document(2569, answers={"i1": (1, 40)}),
                answers=(Answer("i1", Decimal(40), 1, 200, 99),),
            ),
        ],
        "of another agency": [
            BEFORE,
            replace(document(2569, answers={"i1": (1, 20)}), agency="เทศบาลตำบลป่าพลู"),
        ],
    },
    "framework_mismatch": {
        "its own year": [
            replace(
                NOW, answers=tuple(Answer(f"i{n}", None, n, 200, n, (2568,)) for n in range(1, 9))
            )
        ],
        "a year whose wording is not known": [
            replace(
                BEFORE, answers=tuple(Answer(code, None, 1, 200, 1, (2568,)) for code in UNWORDED)
            )
        ],
        "two odd questions": [
            replace(
                BEFORE,
                assessment_year=2569,
                answers=tuple(Answer(f"o{n}", None, n, 200, n, (2568,)) for n in range(20, 22)),
            )
        ],
    },
}


def audit_archive(archive):
    """All findings between documents that are held in memory."""
    return tuple(archive_findings(list(archive)))


def findings(check, archive):
    return [f for f in audit_archive(archive) if f.check == check]


@pytest.mark.parametrize("check", ARCHIVE_CHECKS, ids=lambda check: check.__name__)
def test_every_check_finds_its_case(check):
    archive, said = FOUND[check.__name__]
    [finding] = findings(check.__name__, archive)
    assert {name: getattr(finding, name) for name in said} == said
    assert (finding.document, finding.pages) == ("", ())
    assert finding.documents == tuple(sorted(a.document for a in archive))
    assert re.search("[ก-ฮ]", finding.message_th)
    assert finding.values


@pytest.mark.parametrize(
    ("check", "archive"),
    [
        pytest.param(check, archive, id=f"{check}: {label}")
        for check, cases in ALONE.items()
        for label, archive in cases.items()
    ],
)
def test_leaves_alone(check, archive):
    assert findings(check, archive) == []


def test_every_check_is_shown_from_both_sides():
    names = {check.__name__ for check in ARCHIVE_CHECKS}
    assert set(FOUND) == set(ALONE) == names
    assert not names & {check.__name__ for check in CHECKS}
    for check in ARCHIVE_CHECKS:
        finds, leaves = re.split(r"\n\s*\n", inspect.cleandoc(check.__doc__))[:2]
        assert finds.endswith(".")
        assert "left\nalone" in leaves or "left alone" in leaves


def test_a_clean_archive_has_nothing_to_find():
    assert audit_archive(CLEAN) == ()


def test_the_same_report_twice_is_a_note():
    """Such as a scan beside the export that it was printed from."""
    [finding] = audit_archive([BEFORE, replace(BEFORE, document="scan.pdf")])
    assert (finding.check, finding.severity, finding.code) == ("report_repeated", "info", None)


def test_a_misread_name_stands_in_the_series_of_its_agency():
    """It is no gap: the year is there, under the misread name."""
    misread = replace(NOW, agency="เทศบาลตำบลศรีเดี้ย", district_code=None)
    found = audit_archive([CLEAN[0], misread, CLEAN[2]])
    assert [f.check for f in found] == ["agency_variant"]


def test_documents_under_a_misread_name_stand_among_the_others_by_name():
    read = ["เทศบาลตำบลศรีเตี้ย", "เทศบาลตำบลศรีเดี้ย", "เทศบาลตำบลศรีเตี้ย"]
    archive = [
        replace(BEFORE, document=f"{name}.pdf", agency=agency, district_code=None)
        for name, agency in zip("abc", read, strict=True)
    ]
    [repeated] = findings("report_repeated", archive)
    assert [said.where for said in repeated.values] == ["a.pdf", "b.pdf", "c.pdf"]


def test_provinces_come_in_the_order_of_their_first_documents():
    def pair(province, official, misread, *files):
        for name, file in zip((official, misread), files, strict=True):
            yield replace(
                BEFORE, document=file, agency=name, province_code=province, district_code=None
            )

    archive = [
        *pair("51", "เทศบาลตำบลศรีเตี้ย", "เทศบาลตำบลศรีเดี้ย", "b.pdf", "c.pdf"),
        *pair("50", "เทศบาลตำบลแม่ริม", "เทศบาลตำบลแมริม", "d.pdf", "a.pdf"),
    ]
    found = findings("agency_variant", archive)
    assert [f.documents for f in found] == [("a.pdf", "d.pdf"), ("b.pdf", "c.pdf")]
    found = findings("agency_variant", [replace(archive[3], document="e.pdf"), *archive[:3]])
    assert [f.documents for f in found] == [("b.pdf", "c.pdf"), ("d.pdf", "e.pdf")]


def test_a_code_that_stands_twice_in_a_report_is_not_compared():
    jump = document(2569, answers={"i1": (1, 10)})
    twice = replace(jump, answers=(*jump.answers, jump.answers[0]))
    assert [f.code for f in findings("score_jump", [BEFORE, jump])] == ["i1"]
    assert findings("score_jump", [BEFORE, twice]) == []


def test_the_order_does_not_matter_and_others_change_nothing():
    archive = [a for cases, _ in FOUND.values() for a in cases]
    archive = [replace(a, document=f"{n}.pdf") for n, a in enumerate(archive)]
    found = audit_archive(archive)
    assert found
    other = replace(BEFORE, document="z.pdf", province_code="10", district_code="1001")
    random.Random(1).shuffle(archive)
    assert audit_archive([other, *archive]) == found


def test_an_abstract_keeps_the_text_without_its_numbers():
    rows = [
        Row("a.pdf", "i1", 1, "", "IIT", (1,), analysis=f"ได้คะแนน {score} เพราะบริการดี")
        for score in ("85.50", "79")
    ]
    one, other = (abstract_of("a.pdf", "0" * 64, [row]) for row in rows)
    assert one.answers[0].text == other.answers[0].text
    assert one.answers[0].letters == len("ไดคะแนนเพราะบรการด")
    assert one.answers[0].asked == 0
    assert abstract_of("a.pdf", "", []) is None


def test_an_abstract_knows_whose_wording_a_question_has():
    asked = next(q for q in framework_for(2568).questions if q.code == "i1")
    row = Row("a.pdf", "i1", 1, "", "IIT", (1,), question=asked.text)
    assert 2568 in abstract_of("a.pdf", "", [row]).answers[0].fits


# ---------------------------------------------------------------- however many there are

NAMES = ["เทศบาลตำบลศรีเตี้ย", "เทศบาลตำบลศรีเดี้ย", "เทศบาลตำบลป่าพลู", "เทศบาลตำบลปาพลู", None]
REGIONS = [("51", "5103"), ("51", "5108"), ("51", None), ("50", None), (None, None)]
ANSWERS = st.builds(
    Answer,
    st.sampled_from(["i1", "i6", "o20", "o21", "o22", "o23"]),
    st.sampled_from([None, Decimal(80), Decimal(81), Decimal(40)]),
    st.sampled_from([1, 2]),
    st.sampled_from([10, 200]),
    st.sampled_from([0, 1]),
    st.sampled_from([(), (2567,), (2568,), (2567, 2568)]),
)


@st.composite
def archives(draw):
    """Documents in any order, two of one name among them, of agencies that are alike or none."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        province, district = draw(st.sampled_from(REGIONS))
        year = draw(st.sampled_from([None, 2567, 2568, 2569, 2569, 2571]))
        found.append(
            Abstract(
                draw(st.sampled_from("abcde")) + ".pdf",
                draw(st.sampled_from("12")),
                draw(st.sampled_from(NAMES)),
                province,
                district,
                year,
                year and year - draw(st.sampled_from([1, 1, 2])),
                tuple(draw(st.lists(ANSWERS, max_size=6))),
            )
        )
    return found


def once(abstract):
    codes = [a.code for a in abstract.answers]
    return {a.code: a for a in abstract.answers if codes.count(a.code) == 1}


def compared(archive):
    """What is found, with the documents and codes, where each is compared with each."""
    archive = sorted(archive, key=lambda a: (a.document, a.sha256))
    keys = list(dict.fromkeys(a.key for a in archive if a.agency))
    alike = [
        (known, unknown)
        for known in sorted(keys)
        for unknown in sorted(keys)
        if known[0] == unknown[0] != "" and is_official(known) and not is_official(unknown)
        if len({known[1], unknown[1]} - {""}) < 2 and known[2] != unknown[2]
        if look_alike_cost(known[2], unknown[2]) <= NAME_ALIKE
    ]
    for known, unknown in alike:
        yield "agency_variant", [a for a in archive if a.key in (known, unknown)], []
    owner = {unknown: known for known, unknown in alike}
    dated = [(owner.get(a.key, a.key), a.fiscal_year, a) for a in archive if a.agency]
    dated = [one for one in dated if one[1]]
    for key, year in {(key, year) for key, year, _ in dated}:
        same = [a for k, y, a in dated if (k, y) == (key, year)]
        said = [{a.code: (a.score, a.text) for a in one.answers} for one in same]
        differ = {
            code
            for one, other in pairwise(said)
            for code in {*one, *other}
            if one.get(code) != other.get(code)
        }
        if len(same) > 1:
            yield "report_repeated", same, differ
    for key in {key for key, _, _ in dated}:
        years = {y for k, y, _ in dated if k == key}
        if max(years) - min(years) >= len(years):
            yield "report_missing", [a for k, _, a in dated if k == key], []
    for (k, y, one), (k2, y2, other) in combinations(sorted(dated, key=lambda d: d[1]), 2):
        if k == k2 and y2 - y == 1:
            before, now = once(one), once(other)
            moved = {
                code: abs(before[code].score - now[code].score)
                for code in before.keys() & now.keys()
                if None not in (before[code].score, now[code].score)
            }
            copied = [
                code
                for code, points in moved.items()
                if points > 2 and before[code].text == now[code].text and now[code].letters >= 60
            ]
            jumps = [
                code
                for code, points in moved.items()
                if points > 25
                and (
                    before[code].asked == now[code].asked != 0
                    or {*before[code].fits} & {*now[code].fits}
                )
            ]
            others = sum(before[code].text != now[code].text for code in moved)
            if copied:
                yield "text_copied", [one, other], copied
            if jumps:
                yield "score_jump", [one, other], jumps
            if len(moved) >= 3 and not any(moved.values()) and 2 * others > len(moved):
                yield "score_copied", [one, other], moved


@given(archives())
def test_finds_what_comparing_each_with_each_finds(archive):
    found = [
        (f.check, f.documents, sorted((f.code or "").split(";")))
        for f in audit_archive(archive)
        if f.check != "framework_mismatch"
    ]
    expected = [
        (check, tuple(sorted(a.document for a in documents)), sorted(codes) or [""])
        for check, documents, codes in compared(archive)
    ]
    assert sorted(found) == sorted(expected)


@given(archives(), st.randoms())
def test_what_is_kept_in_a_file_gives_the_same_in_the_same_order(archive, chance):
    found = audit_archive(archive)
    checks = [check.__name__ for check in ARCHIVE_CHECKS]
    assert [f.check for f in found] == sorted((f.check for f in found), key=checks.index)
    chance.shuffle(archive)
    twins = {(a.document, a.sha256) for a in archive}
    with Spool(Path(gettempdir()), Abstract) as spool:
        for abstract in archive:
            spool.append(abstract)
        assert tuple(archive_findings(spool)) == audit_archive(archive)
        assert len(twins) < len(archive) or tuple(archive_findings(spool)) == found


class Watched(Abstract):
    """An abstract of which it can be seen that it is let go."""

    __slots__ = ("__weakref__",)


class Loaded(Sequence):
    """Abstracts that are made when they are asked for; counts how many are held at a time."""

    def __init__(self, make, length):
        self.make, self.length, self.held, self.most = make, length, 0, 0
        self.seen = {}

    def __len__(self):
        return self.length

    def __getitem__(self, place):
        if place >= self.length:
            raise IndexError(place)
        made = self.make(place)
        made = Watched(*(getattr(made, name) for name in Abstract.__slots__))
        self.held += 1
        self.most = max(self.most, self.held)
        ref = weakref.ref(made, self.let_go)
        self.seen[id(ref)] = ref
        return made

    def let_go(self, ref):
        self.held -= 1
        del self.seen[id(ref)]


def test_two_years_of_one_agency_are_held_and_no_more():
    """200 agencies of 5 years, with a score that jumps in each."""

    def made(place):
        agency, year = divmod(place, 5)
        answers = {"i1": (1, 80 if year % 2 else 40)}
        return document(2566 + year, f"เทศบาลตำบลที่ {agency:03}", answers, f"{place:04}.pdf")

    archive = Loaded(made, 1000)
    found = list(archive_findings(archive))
    assert [f.check for f in found] == ["score_jump"] * 800
    assert archive.most <= 5 and archive.held == 0


def test_an_agency_with_very_many_reports_is_no_burden():
    """Its reports of one year are told to be repeated; 20 are compared with 20 of the next."""

    def made(place):
        year = place // 150
        return document(2568 + year, answers={"i1": (1, 10 + 40 * year)}, file=f"{place:03}.pdf")

    archive = Loaded(made, 450)
    found = list(archive_findings(archive))
    repeated = [f for f in found if f.check == "report_repeated"]
    assert [len(f.documents) for f in repeated] == [150, 150, 150]
    jumps = [f for f in found if f.check == "score_jump"]
    assert len(jumps) == 2 * MOST_A_YEAR**2
    assert archive.most <= 2 * MOST_A_YEAR + 2


def test_little_is_held_of_each_document():
    """5,000 documents of 1,000 agencies; without an agency less still."""

    def made(place, agency="เทศบาลตำบลที่ {}"):
        return replace(NOW, document=f"{place:05}.pdf", agency=agency.format(place // 5) or None)

    for make, most in ((made, 200), (lambda place: made(place, ""), 60)):
        tracemalloc.start()
        archive = archive_of(Loaded(make, 5000))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(archive.years) == 5000
        assert held / 5000 < most
