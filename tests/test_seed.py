"""The report that began it all: every value of its 14 rows, and exactly its findings."""

import json

import pytest

from audit.checks import CHECKS
from bench.score import load_truth, read_out, score_doc

SEED = "ita-2569-ocr-dump.txt"
KNOWN = {check.__name__.replace("_", "-") for check in CHECKS}
TEXTS = ("question", "analysis", "measures", "result", "steps", "timeframe")


@pytest.fixture(scope="module")
def truth(root):
    folder = root / "samples/expected/seed"
    found = json.loads((folder / "rows.truth.json").read_text("utf-8"))
    listed = json.loads((folder / "findings.truth.json").read_text("utf-8"))
    found["findings"] = [f | {"check": f["check"].replace("_", "-")} for f in listed]
    found |= {
        "document": SEED,
        "kind": "dump",
        "clean": False,
        "agency_variants": ["เทศบาลตำบลห้วยซ้อพัฒนา", "เทศบาลตำบลห้องชัยพัฒนา"],
    }
    return found


@pytest.fixture(scope="module")
def scored(truth, samples):
    mine = [[r for r in records if r["document"] == SEED] for records in read_out(samples.out)]
    for finding in mine[1]:
        finding["check"] = finding["check"].replace("_", "-")
    return score_doc(truth, *mine)


def test_truth_is_the_scorers_own(truth, root, tmp_path):
    """What is scored here is what bench/score.py scores, cover page tolerated."""
    folder = root / "samples/expected/seed"
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / SEED).write_bytes((root / "samples" / SEED).read_bytes())
    [found] = load_truth(tmp_path)
    assert found["rows"] == truth["rows"]
    assert found["findings"] == truth["findings"]


def test_rows_are_the_14_of_the_report(scored):
    assert (scored["rows_truth"], scored["rows_found"], scored["rows_out"]) == (14, 14, 14)
    assert (scored["missed"], scored["extra"], scored["rows_repeated"]) == ([], [], 0)


def test_every_structured_value_and_every_text_is_right(scored):
    assert scored["wrong"] == []
    assert all(right == total > 0 for right, total in scored["struct"].values() if total)
    assert sum(scored["text"][f]["chars"] for f in TEXTS) > 9000
    assert sum(scored["text"][f]["dist"] for f in TEXTS) == 0


def test_findings_of_the_checks_are_all_there_and_none_beside(scored, truth):
    assert [f for f in scored["missed_findings"] if f[0] in KNOWN] == []
    assert scored["false_findings"] == []
    assert scored["repeats"] == 0
    wanted = [f for f in truth["findings"] if f["check"] in KNOWN]
    assert sum(v["found"] for v in scored["findings"].values()) == len(wanted)


def test_the_agency_is_settled_by_its_context_and_shown_to_a_person(samples):
    rows = [r for result in samples.results for r in result.rows if r.document == SEED]
    assert {r.agency for r in rows} == {"เทศบาลตำบลฆ้องชัยพัฒนา"}
    assert all(r.needs_review for r in rows)
    assert all(r.confidence < 0.8 for r in rows)
