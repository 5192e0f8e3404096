"""Whole documents: the score of every sample, and its rows as they were when last looked at."""

import json
from pathlib import Path

import pytest

from audit.checks import CHECKS
from bench.score import merge, score

ROOT = Path(__file__).parent.parent
EXPECTED = ROOT / "samples/expected"
GOLDEN = EXPECTED / "rows"
TRUTHS = sorted(EXPECTED.glob("*.json"))
KNOWN = {check.__name__.replace("_", "-") for check in CHECKS}
PLACES = (".pdf", ".tif", ".txt", ".md", ".html")
DOCUMENTS = sorted(p.name for p in (ROOT / "samples").iterdir() if p.suffix in PLACES)

SCANS = {"scan"}
"""Kinds of document whose text is recognised: right but for a letter here and there."""

every_document = pytest.mark.parametrize("truth", TRUTHS, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def scores(samples):
    found = score(samples.out, EXPECTED)["documents"]
    return {Path(document["document"]).stem: document for document in found}


@every_document
def test_every_row_is_found_once_and_none_is_invented(truth, scores):
    found = scores[truth.stem]
    assert found["converted"]
    assert (found["missed"], found["extra"]) == ([], [])
    assert (found["rows_repeated"], found["rows_without_code"]) == (0, 0)
    assert found["rows_found"] == len(json.loads(truth.read_text("utf-8"))["rows"])


@every_document
def test_structured_values(truth, scores):
    found = scores[truth.stem]
    counts = found["struct"].values()
    right, total = sum(c[0] for c in counts), sum(c[1] for c in counts)
    wrong = [w for w in found["wrong"] if w[1] in found["struct"]]
    assert right / total >= 0.995, wrong


@every_document
def test_text_cells(truth, scores):
    found = scores[truth.stem]
    wrong = [w for w in found["wrong"] if w[1] in found["text"]]
    text = merge([found])["text"]["all"]
    if found["kind"] in SCANS:
        assert text["cer"] <= 0.01, wrong
    else:
        assert text["exact"] >= 0.995, wrong


@every_document
def test_no_row_is_wrong_in_a_value_without_being_shown(truth, scores):
    assert scores[truth.stem]["calibration"]["trusted_material"] == 0


def test_scans_are_nearly_right_and_few_of_their_rows_are_shown(scores):
    scans = merge([found for found in scores.values() if found["kind"] in SCANS])
    assert scans["text"]["all"]["cer"] <= 0.004
    assert scans["calibration"]["flagged_share"] <= 0.4


TEXTS = ("question", "analysis", "measures", "result", "steps", "timeframe")


def gaps(found, samples):
    """Wrong spaces, true spaces, line ends: a gap is where a space is, or could be lost or made."""
    texts = [found["text"][field] for field in TEXTS]
    wrong = sum(text["kept"] + text["dropped"] for text in texts)
    spaces = sum(text["spaces"] for text in texts)
    cells = next(r.cells for r in samples.results if r.record.document == found["document"])
    return wrong, spaces, sum(c.raw.count("\n") for c in cells if c.field in TEXTS)


@every_document
def test_spaces(truth, scores, samples):
    found = scores[truth.stem]
    wrong, spaces, ends = gaps(found, samples)
    assert spaces > (20 if found["kind"] in SCANS else 50)  # one scan has two pages
    if found["kind"] in ("dump", *SCANS):
        assert wrong <= 0.08 * spaces
    else:
        assert wrong <= 0.02 * (spaces + ends)


def test_spaces_of_all_exported_reports(scores, samples):
    counts = [gaps(f, samples) for f in scores.values() if f["kind"] == "exported"]
    wrong, spaces, ends = (sum(count[i] for count in counts) for i in range(3))
    assert wrong <= 0.01 * (spaces + ends)


@every_document
def test_findings(truth, scores):
    found = scores[truth.stem]
    scanned = found["kind"] in SCANS
    assert [f for f in found["false_findings"] if not (scanned and f[0] == "low-confidence")] == []
    assert [f for f in found["missed_findings"] if f[0] in KNOWN] == []


@every_document
def test_pages_cells_and_what_they_say(truth, scores):
    cells = scores[truth.stem].get("cells")
    if cells is None:
        pytest.skip("the truth of a dump lists no cells")
    assert cells["found"] == cells["cells"] > 0


def test_every_sample_has_its_truth(samples):
    assert [r.record.document for r in samples.results] == DOCUMENTS
    assert sorted({Path(d).stem for d in DOCUMENTS} - {"ita-2569-ocr-dump"}) == [
        path.stem for path in TRUTHS
    ]


def golden_text(rows):
    """Rows as a person reads a diff of them: one field a line, absent ones left out."""
    kept = [{k: v for k, v in row.items() if v is not None and v != []} for row in rows]
    return json.dumps(kept, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if "-scan." not in name])
def test_golden_rows(document, samples, request):
    """Rows as they were; not of scans, since another processor rounds otherwise and may read a
    doubtful letter otherwise."""
    rows = json.loads((samples.out / "rows.json").read_text("utf-8"))
    text = golden_text([row for row in rows if row["document"] == document])
    path = GOLDEN / f"{Path(document).stem}.json"
    if request.config.getoption("--golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.exists(), "no rows to compare with: run ./test golden and read them"
    assert json.loads(text) == json.loads(path.read_text("utf-8"))
