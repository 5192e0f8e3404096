"""A second engine's opinion: what it may do, and an engine that fails."""

import stat
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract import opinion
from extract.opinion import Answer, Tesseract, compared, is_worth_asking, second_opinion

PICTURE = np.full((40, 300), 255, np.uint8)
PIECES = ("i๑๒ ", "น้ำ", "๔๖", "ITA", " ", "-", "ฌฃ", "14", "(ร้อยละ ", "e", ".๙๒")


def sure_of(text, doubtful="", at=0.5):
    return tuple(at if letter in doubtful else 1.0 for letter in text)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("สำนักปลัด", "สํานักปลัด"),  # SARA AM in two letters
        ("ร้อยละ ๙๔.๖๗", "ร้อยละ &d.bo"),
        ("ข้อ ๔", "ข้อ"),
        ("ข้อ ๔ และ ๖", "ข้อ และ"),
        ("ปี ๒๕๖๗", "ปี ๒๕oe"),
        ("๑ - ๒", "๑ – ๒"),
        ("ผล “ดี” มาก", 'ผล"ดี"มาก'),
        ("ฌาปนกิจ", "ณาปนกิจ"),
        ("", ""),
    ],
)
def test_what_it_cannot_know_is_no_contradiction(ours, theirs):
    assert compared(ours, sure_of(ours), theirs, "x").agrees


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("ข้อ ๑", "ข้อ ๒"),
        ("ที่", "ที"),
        ("ที", "ที่"),
        ("e14", "o14"),
        ("ข้อ ๔ ก", "ข้อ ๑ ข"),
        ("กข", ""),
        ("", "ก"),
        ("๔ก", "๔"),
    ],
)
def test_other_differences_are(ours, theirs):
    said = compared(ours, sure_of(ours), theirs, "x")
    assert not said.agrees
    assert said.text == theirs
    assert said.note == f"x reads {theirs!r}"


def test_a_doubtful_latin_word_becomes_surer_where_it_is_read_the_same():
    text = "ตาม ITA ข้อ ๔ OIT"
    said = compared(text, sure_of(text, "Iขต"), "ตาม ITA ข้อ & 0IT", "x")
    changed = {n: s for n, s in enumerate(said.sure) if s != sure_of(text, "Iขต")[n]}
    assert changed == {4: 0.75}  # not in OIT, of which it reads but a part


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("จาก o๒๔) ช่วยลด", "จาก oboe) ช่วยลด"), ("e๑", "e๑"), ("๑se", "๑se"), ("o", "o")],
)
def test_what_it_writes_for_thai_digits_confirms_nothing(ours, theirs):
    before = sure_of(ours, "eos")
    assert compared(ours, before, theirs, "x").sure == before


def test_a_letter_that_is_the_same_by_chance_confirms_nothing():
    said = compared("ab ที่นั้น", sure_of("ab ที่นั้น", "a"), "wnlsabd", "x")
    assert said.sure[0] == 0.5


def test_thai_letters_and_digits_never_become_surer():
    text = "น้ำ ๑๒๓ 14"
    said = compared(text, sure_of(text, text), text, "x")
    assert said.agrees
    assert said.sure == sure_of(text, text)


@given(st.lists(st.sampled_from(PIECES)), st.lists(st.sampled_from(PIECES)), st.floats(0, 1))
def test_our_reading_stands_and_no_doubt_grows(ours, theirs, at):
    text, other = "".join(ours), "".join(theirs)
    before = tuple(at for _ in text)
    said = compared(text, before, other, "x")
    assert len(said.sure) == len(text)
    for letter, old, new in zip(text, before, said.sure, strict=True):
        assert old <= new <= 1
        assert new == old or (letter.isascii() and letter.isalpha())
    assert compared(text, before, text, "x").agrees


@pytest.mark.parametrize(
    ("text", "doubtful", "asked"),
    [
        ("i๑๒", "i", True),
        ("i๑๒", "๑๒", False),
        ("ที่", "่", True),
        ("กฌฃก", "ฌฃ", False),
        ("ก ข", " ", False),
        ("e14", "4", True),
        ("e14", "", False),
    ],
)
def test_it_is_asked_only_what_it_can_know(text, doubtful, asked):
    assert is_worth_asking(text, sure_of(text, doubtful)) is asked


def test_an_engine_that_fails_changes_nothing():
    said = second_opinion("ITA", (0.5, 1, 1), PICTURE, "x 5", lambda _: Answer(None, "no reason"))
    assert said == ("", "x 5", False, (0.5, 1, 1), "x 5: no reason")


def test_the_picture_is_what_is_asked_about():
    seen = []

    def read(image):
        seen.append(image)
        return Answer("ITA")

    said = second_opinion("ITA", (0.5, 1, 1), PICTURE, "x 5", read)
    assert said == ("ITA", "x 5", True, (0.75, 1, 1), "x 5 reads the same")
    assert seen[0] is PICTURE


# ------------------------------------------------------------------ the program


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make a program named tesseract, which does what a few lines of Python say."""

    def make(code):
        path = tmp_path / "tesseract"
        path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        return path

    opinion._asked.cache_clear()
    yield make
    opinion._asked.cache_clear()


LANGUAGES = """
if sys.argv[1] == '--list-langs':
    print('List of available languages in "/x" (2):', 'eng', 'tha', sep='\\n')
elif sys.argv[1] == '--version':
    print('tesseract 5.3.0')
"""


def test_it_is_found_and_asked_once(program, tmp_path):
    program(f"open({str(tmp_path / 'asked')!r}, 'a').write(sys.argv[1] + ' ')" + LANGUAGES)
    found = Tesseract.find()
    assert found and found.engine == "tesseract 5.3.0"
    assert Tesseract.find() is found
    assert (tmp_path / "asked").read_text() == "--list-langs --version "


@pytest.mark.parametrize("code", ["print('eng')", "sys.exit(1)", "print('tha.old', 'england')"])
def test_one_without_its_languages_is_none(program, code):
    program(code)
    assert Tesseract.find() is None


def test_none_is_found_where_none_is(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Tesseract.find() is None


def test_it_gets_a_png_and_one_thread(program):
    path = program(
        "import hashlib\nsent = sys.stdin.buffer.read()\n"
        "print(sent[1:4].decode(), os.environ['OMP_THREAD_LIMIT'], *sys.argv[1:])\nprint()\n"
        "print('  สอง  \\f')"
    )
    answer = Tesseract(str(path), "5").read(PICTURE)
    assert answer == ("PNG 1 stdin stdout -l tha+eng --psm 7 --dpi 300\nสอง", "")
    assert (
        Tesseract(str(path), "5")
        .read(PICTURE, "eng", False)
        .text.startswith("PNG 1 stdin stdout -l eng --psm 6")
    )


def test_its_failures_are_told(program, tmp_path):
    path = str(program("print('x'); sys.exit('no model')"))
    assert Tesseract(path, "5").read(PICTURE) == (None, "failed with 1 (no model)")
    path = str(program("sys.exit(3)"))
    assert Tesseract(path, "5").read(PICTURE) == (None, "failed with 3 (no message)")
    path = str(program("time.sleep(60)"))
    slow = Tesseract(path, "5").read(PICTURE, timeout_seconds=0.2)
    assert slow == (None, "no answer within 0.2 seconds")
    gone = Tesseract(str(tmp_path / "gone"), "5").read(PICTURE)
    assert gone.text is None and "cannot be started" in gone.reason


@pytest.mark.skipif(Tesseract.find() is None, reason="no Tesseract with Thai is installed")
def test_the_real_one_confirms_a_latin_word():
    image = np.full((80, 420), 255, np.uint8)
    cv2.putText(image, "ITA OIT EIT", (15, 55), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3, cv2.LINE_AA)
    found = Tesseract.find()
    said = second_opinion("ITA OIT EIT", (0.5,) * 11, image, found.engine, found.read)
    assert said.agrees, said.note
    assert said.sure[0] == 0.75
