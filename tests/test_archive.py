"""Checks between documents: what each finds in an archive, and what looks like it."""

import inspect
import random
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from audit.archive import ARCHIVE_CHECKS, Abstract, Answer, abstract_of, audit_archive
from audit.checks import CHECKS
from normalize.model import Row
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
