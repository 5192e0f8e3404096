"""The recogniser: the shipped model, what it reads, and how doubt is settled."""

import hashlib
import re
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from extract.lines import Band
from extract.recognise import LineReader, decode, read_lines

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "extract" / "thai-lines.onnx"
LINES = ROOT / "tests" / "recorded" / "lines"
TRUTH = tomllib.loads((LINES / "truth.toml").read_text("utf-8"))
ALPHABET = [" ", *"กคงดตทนมรลสอา่้ัีิ๑๓35,.i"]


@pytest.fixture(scope="module")
def reader():
    return LineReader.load()


def picture(name):
    return cv2.imread(str(LINES / f"{name}.png"), cv2.IMREAD_GRAYSCALE)


def test_model_is_the_one_of_its_card():
    card = (ROOT / "docs" / "model-card.md").read_text("utf-8")
    [stated] = re.findall(r"thai-lines\.onnx.*?`([0-9a-f]{64})`", card)
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() == stated


def test_model_is_small():
    assert MODEL.stat().st_size <= 12 * 2**20


def test_alphabet(reader):
    assert set("๐๑๒๓๔๕๖๗๘๙0123456789").issubset(reader.alphabet)
    assert set(map(chr, range(ord("ก"), ord("ฮ") + 1))).issubset(reader.alphabet)
    assert len(set(reader.alphabet)) == len(reader.alphabet)


@pytest.mark.parametrize("name", TRUTH)
def test_reads_a_line(reader, name):
    [reading] = reader.read([picture(name)])
    assert reading.text == TRUTH[name]
    assert len(reading.characters) == len(reading.places) == len(reading.text)
    assert all(0 <= sure <= 1 for sure in (*reading.characters, *reading.places))
    assert list(reading.places) == sorted(reading.places)


def test_order_is_kept(reader):
    readings = reader.read([picture(name) for name in TRUTH])
    assert [reading.text for reading in readings] == list(TRUTH.values())


def test_reads_the_lines_of_a_region(reader):
    page = np.full((400, 900), 250, np.uint8)
    line = picture("plan")
    page[100 : 100 + line.shape[0], 50 : 50 + line.shape[1]] = line
    body = line.shape[0] / 3.1
    band = Band(50 + 0.7 * body, 50 + line.shape[1] - 0.7 * body, 100 + 2.2 * body, body)
    [reading] = read_lines(page, [band], reader)
    assert reading.text == TRUTH["plan"]
    assert read_lines(page, [], reader) == []


def frames(*columns):
    """Log-probabilities of frames, each a dict of characters; the rest of each is blank."""
    shares = np.full((len(columns), len(ALPHABET) + 1), 1e-7)
    for row, column in zip(shares, columns, strict=True):
        row[0] = 1 - sum(column.values())
        for char, share in column.items():
            row[ALPHABET.index(char) + 1] = share
    return np.log(np.maximum(shares, 1e-7)).astype(np.float32)


def spelled(text, doubt=None):
    """Frames of a text with a blank between its characters; `doubt` gives one its shares."""
    columns = [{}]
    for number, char in enumerate(text):
        columns += [doubt[1] if doubt and number == doubt[0] else {char: 0.999}, {}]
    return frames(*columns)


def costs_of(*words):
    """A prior that knows some words: other letters cost ten nats each."""

    def cost(text):
        for word in words:
            text = text.replace(word, "")
        return 10.0 * len(text)

    return cost


def test_sure_line_is_read_off():
    reading = decode(spelled("นาทีตาก"), ALPHABET)
    assert reading.text == "นาทีตาก"
    assert reading.characters == pytest.approx((0.999,) * 7, abs=1e-4)


def test_search_agrees_with_the_best_path_where_one_reading_stands_out():
    reading = decode(spelled("นาที", doubt=(2, {"ท": 0.9, "ก": 0.05})), ALPHABET)
    assert reading.text == "นาที"
    assert 0.89 < reading.characters[2] < 0.95
    assert min(reading.characters[:2]) > 0.99


def test_search_adds_up_what_one_text_has_in_several_places():
    """The best path sees a blank of 0.4 twice; together the letter has more."""
    doubtful = frames({}, {"น": 0.999}, {}, {"า": 0.45}, {"า": 0.45}, {}, {"ก": 0.999}, {})
    assert decode(doubtful, ALPHABET).text == "นาก"


def test_prior_settles_doubt_between_letters():
    doubtful = spelled("มาดมาก", doubt=(2, {"ต": 0.55, "ด": 0.45}))
    assert decode(doubtful, ALPHABET).text == "มาตมาก"
    reading = decode(doubtful, ALPHABET, costs_of("มาด", "มาก"))
    assert reading.text == "มาดมาก"
    assert reading.characters[2] > 0.6


def test_prior_is_silent_where_the_picture_is_sure():
    sure = spelled("มาตมาก", doubt=(2, {"ต": 0.97, "ด": 0.03}))
    assert decode(sure, ALPHABET, costs_of("มาด", "มาก")).text == "มาตมาก"


def test_prior_says_no_more_than_its_most():
    doubtful = spelled("มาตมาก", doubt=(2, {"ต": 0.94, "ด": 0.01}))
    assert decode(doubtful, ALPHABET, costs_of("มาด", "มาก")).text == "มาตมาก"


@pytest.mark.parametrize(
    ("text", "place", "shares"),
    [
        ("มาก๑", 3, {"๑": 0.5, "๓": 0.49}),
        ("มาก3มา", 3, {"3": 0.51, "5": 0.48}),
        ("นา๑,๓", 3, {",": 0.5, ".": 0.49}),
        ("i๑๓", 1, {"๑": 0.5, "๓": 0.49}),
    ],
)
def test_prior_never_decides_a_digit_or_a_sign(text, place, shares):
    doubtful = spelled(text, doubt=(place, shares))
    first, second = shares
    reading = decode(doubtful, ALPHABET, lambda run: 0.0)
    against = decode(doubtful, ALPHABET, lambda run: 0.0 if second in run else 50.0)
    assert reading == against
    assert reading.text == text.replace(text[place], first, 1)
    assert reading.characters[place] < 0.6


def test_prior_does_not_make_a_letter_of_a_digit():
    doubtful = spelled("มา๓มาก", doubt=(2, {"๓": 0.5, "ต": 0.49}))
    assert decode(doubtful, ALPHABET, costs_of("มาต", "มาก")).text == "มา๓มาก"


def test_word_cut_by_the_end_of_a_line_is_not_repaired():
    doubtful = spelled("มากมาต", doubt=(5, {"ต": 0.55, "ด": 0.45}))

    def knows_a_longer_word(run):
        return costs_of("มาก")(run)

    assert decode(doubtful, ALPHABET, knows_a_longer_word).text == "มากมาต"


def test_script_forbids_two_tone_marks():
    doubtful = spelled("น่้า", doubt=(2, {"้": 0.6, "ี": 0.0})).copy()
    assert decode(doubtful, ALPHABET).text == "น่า"


def test_lost_mark_is_told():
    doubtful = spelled("น่าน", doubt=(1, {"่": 0.4}))
    reading = decode(doubtful, ALPHABET)
    assert reading.text == "นาน"
    assert reading.passed_over == pytest.approx(0.4, abs=0.02)
    assert reading.confidence < 0.65


def test_empty_image():
    reading = decode(frames({}, {}, {}), ALPHABET)
    assert (reading.text, reading.characters, reading.confidence) == ("", (), 0.0)


def test_spaces_at_the_ends_and_doubled_are_dropped():
    assert decode(spelled(" นา  ตา "), ALPHABET).text == "นา ตา"
