"""Repair of Thai text layers and OCR text: the defects of each font, and rules that undo them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from normalize.trace import Rule, Step, apply
from profiles.lexicon import (
    lost_ring_pattern,
    lost_ring_words,
    pua_map,
    reading_cost,
    unknown_letters,
)

CONSONANT = "\u0e01-\u0e2e"
LEADING = "\u0e40-\u0e44"
VOWEL_MARK = "\u0e31\u0e34-\u0e3a"
TONE = "\u0e48-\u0e4b"
MARK = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
LETTER = "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e"
LETTERS = "".join(map(chr, (*range(0xE01, 0xE2F), *range(0xE30, 0xE3B), *range(0xE40, 0xE46))))
LETTERS += "".join(map(chr, range(0xE47, 0xE4F)))
WINDOW = 48
"""Letters of context on each side that a reading is judged by."""
CLEAR = 4.0
"""How much cheaper (natural logarithm) one of two readings must be to be believed alone."""
SURE = 10.0
"""How much cheaper it must be to be believed against what is known of the font."""
SAMPLE = 20_000
"""Letters of one font that show what is wrong with it."""
ENOUGH_VOTES = 3
MAX_VOTES = 300
MAX_ROUNDS = 5
"""Two have been enough for every text seen; more would be a rule that undoes another."""


# Rules that are right in any text.

_HYPHEN = re.compile(r"(?<=[A-Za-z0-9])\u00ad(?=[A-Za-z0-9])")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\ufeff]"
)
_BREAK = re.compile("\r\n|[\r\u000b\u000c\u0085\u2028\u2029]")
_ODD_SPACE = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_PUA = re.compile("[\uf700-\uf71a\uf884-\uf89e]")
_TONE_FIRST = re.compile(rf"(?<![{TONE}\u0e4c])[{TONE}\u0e4c]++[{VOWEL_MARK}\u0e47\u0e4d][{MARK}]*")
_SPLIT_RING = re.compile(rf"\u0e4d ?([{TONE}]?) ?\u0e32")
_AM_TWICE = re.compile("(?<!\u0e4d)\u0e4d*+\u0e33[\u0e32\u0e33\u0e4d]+|(?<!\u0e4d)\u0e4d++\u0e33")
_LATE_TONE = re.compile(rf"((?<!\u0e33)\u0e33[\u0e32\u0e33]*+)([{TONE}]++)")
_TONED_AA = re.compile(rf"([{TONE}])(\1{{0,3}})\u0e32")
_DOUBLED_TONE_AA = re.compile(rf"([{TONE}])\1{{1,3}}\u0e32")
_DOUBLED = re.compile(rf"([{MARK}])\1+")
_EARLY_MARK = re.compile(rf"(?<![{LETTER}])([{MARK}]{{1,2}})(?=[{LEADING}]?[{CONSONANT}])")
_SPACED_MARK = re.compile(
    rf"(?:(?<=[{CONSONANT}])|(?<=[{VOWEL_MARK}])(?=\s+[\u0e48-\u0e4c]))( |\n| \n)([{MARK}]+)"
)
_SPACED_VOWEL = re.compile(
    rf"(?<=[{CONSONANT}{TONE}{VOWEL_MARK}])( |\n| \n)([{TONE}]?)([\u0e30\u0e32\u0e33])"
)
_OPEN_VOWEL = re.compile(rf"(?<=[{LEADING}]) +(?=[{CONSONANT}])")
_SPACES = re.compile(rf"(?<! ) {{2,}}+(?!(?<=[{CONSONANT}]  )\u0e32)")
_LINE_END = re.compile(r" +(?=\n|\Z)|(?:(?<=\n)|\A) +")

# Each starts with one set of letters, which is what the engine can search for fast.
_ODD_LETTER = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064"
    "\u3000\ufb00-\ufb06\ufeff\uf700-\uf71a\uf884-\uf89e\u0e4d]"
)
_ODD_VOWEL_MARK = re.compile(rf"[{VOWEL_MARK}\u0e47](?<![{CONSONANT}].)")
_ODD_TONE = re.compile(rf"[\u0e48-\u0e4e](?<![{CONSONANT}{VOWEL_MARK}].)")
_ODD_SPACING = re.compile(rf"[\s\u0e30\u0e32\u0e33](?<=[\s{LEADING}].)")


def _run_before(text: str, place: int) -> str:
    near = text[max(0, place - WINDOW) : place]
    return near[len(near.rstrip(LETTERS)) :]


def _run_after(text: str, place: int) -> str:
    near = text[place : place + WINDOW]
    return near[: len(near) - len(near.lstrip(LETTERS))]


def _until_steady(pattern: re.Pattern[str], new: Callable[[re.Match[str]], str], text: str) -> str:
    """Substitute until nothing changes: a repair can make the word beside it readable."""
    while (after := pattern.sub(new, text)) != text:
        text = after
    return text


def soft_hyphen(text: str) -> str:
    """Write a soft hyphen between Latin letters or digits as the hyphen that a PDF draws for it.

    >>> soft_hyphen("TH\u00ad001")
    'TH-001'
    >>> soft_hyphen("TH-001")
    'TH-001'
    """
    return _HYPHEN.sub("-", text)


def drop_invisible(text: str) -> str:
    """Drop what no reader sees: zero-width spaces and joiners, byte-order marks, controls.

    >>> drop_invisible("ตรวจ\u200bสอบ\ufeff")
    'ตรวจสอบ'
    >>> drop_invisible("ตรวจ สอบ")
    'ตรวจ สอบ'
    """
    return _INVISIBLE.sub("", text)


def plain_spaces(text: str) -> str:
    r"""Write every kind of space as a space and every kind of line break as \n.

    >>> plain_spaces("แก้แล้ว\u00a0ครบ")
    'แก้แล้ว ครบ'
    >>> plain_spaces("แก้แล้ว ครบ")
    'แก้แล้ว ครบ'
    """
    return _ODD_SPACE.sub(" ", _BREAK.sub("\n", text))


def private_use_glyphs(text: str) -> str:
    """Write the private-use code points of Thai fonts as the letters they draw.

    >>> private_use_glyphs("ผู\uf70bอื\uf70aน")
    'ผู้อื่น'
    >>> private_use_glyphs("\uf0b7 ข้อ")
    '\uf0b7 ข้อ'
    """
    return text.translate(pua_map()) if _PUA.search(text) else text


def latin_ligatures(text: str) -> str:
    """Write a ligature of Latin letters as the letters.

    >>> latin_ligatures("o\ufb03ce pro\ufb01le")
    'office profile'
    >>> latin_ligatures("œuvre")
    'œuvre'
    """
    return _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def compose_letters(text: str) -> str:
    """Bring letters and their marks into the composed form that all output has (NFC).

    >>> compose_letters("Re\u0301sume\u0301 ชุ่ม")
    'Résumé ชุ่ม'
    >>> compose_letters("ก๋วยเตี๋ยว")
    'ก๋วยเตี๋ยว'
    """
    return unicodedata.normalize("NFC", text)


def two_sara_e(text: str) -> str:
    """Write two SARA E as the SARA AE they look like.

    >>> two_sara_e("เเละเเผน")
    'และแผน'
    >>> two_sara_e("เทเล")
    'เทเล'
    """
    return text.replace("เเ", "แ")


def vowel_before_tone(text: str) -> str:
    """Put a vowel mark before the tone mark or THANTHAKHAT of its consonant.

    >>> vowel_before_tone("ท่ี สิทธ์ิ")
    'ที่ สิทธิ์'
    >>> vowel_before_tone("ที่นี่ สิทธิ์")
    'ที่นี่ สิทธิ์'
    """

    def order(match: re.Match[str]) -> str:
        return "".join(sorted(match[0], key=lambda mark: "\u0e48" <= mark <= "\u0e4c"))

    return _TONE_FIRST.sub(order, text)


def compose_sara_am(text: str) -> str:
    """Join NIKHAHIT and SARA AA into SARA AM, as Adobe and Word 2013 split them.

    >>> compose_sara_am("สํานัก นํ้า น้ํา")
    'สำนัก น้ำ น้ำ'
    >>> compose_sara_am("สังฆํ ฯ")
    'สังฆํ ฯ'
    """
    text = re.sub(rf"([{TONE}])\u0e4d", "\u0e4d\\1", text)
    return _SPLIT_RING.sub("\\1\u0e33", text)


def sara_am_twice(text: str) -> str:
    """Drop a SARA AA, NIKHAHIT or SARA AM that repeats what a SARA AM has said.

    >>> sara_am_twice("ตำาบล")
    'ตำบล'
    >>> sara_am_twice("คำอา")
    'คำอา'
    """
    return _AM_TWICE.sub("\u0e33", text)


def tone_before_sara_am(text: str) -> str:
    """Put a tone mark before the SARA AM of its syllable.

    >>> tone_before_sara_am("นำ้ตำ่")
    'น้ำต่ำ'
    >>> tone_before_sara_am("น้ำต่ำ")
    'น้ำต่ำ'
    """
    return _LATE_TONE.sub(r"\2\1", text)


def doubled_tone_as_sara_am(text: str) -> str:
    """Read a doubled tone mark before SARA AA as SARA AM where only that makes a word.

    Sarabun fonts of Word map the ring beside a tone mark to that tone mark.

    >>> doubled_tone_as_sara_am("ไม่ต่่ากว่า")
    'ไม่ต่ำกว่า'
    >>> doubled_tone_as_sara_am("แต่ว่่า")
    'แต่ว่่า'
    """

    def read(match: re.Match[str]) -> str:
        before, after = _run_before(text, match.start()), _run_after(text, match.end())
        plain, ring = f"{match[1]}\u0e32", f"{match[1]}\u0e33"
        is_ring = _clearly(before + ring + after, before + plain + after)
        return ring if is_ring else match[0]

    return _DOUBLED_TONE_AA.sub(read, text)


def doubled_marks(text: str) -> str:
    """Write a mark that stands twice on one letter once.

    >>> doubled_marks("ศาสตร์์")
    'ศาสตร์'
    >>> doubled_marks("ที่นี่")
    'ที่นี่'
    """
    return _DOUBLED.sub(r"\1", text)


_GAP_BEFORE_MARK = re.compile(rf" [{MARK}]")


def mark_before_word(text: str) -> str:
    """Move marks that stand before a word onto the one letter where they make it a word.

    >>> mark_before_word("้หนา ๑ ่เลม ๑๔๐")
    'หน้า ๑ เล่ม ๑๔๐'
    >>> mark_before_word("ท ี่ดิน")
    'ท ี่ดิน'
    >>> mark_before_word("ป ีม ีข้อเสนอ")
    'ป ีม ีข้อเสนอ'
    """

    def move(match: re.Match[str]) -> str:
        text, marks = match.string, match[1]
        word = _run_after(text, match.end())
        if _GAP_BEFORE_MARK.match(text, match.end() + len(word)):
            return marks  # a layer with a gap before every mark: they belong to what is before
        spaced = len(text[: match.start()].rstrip())
        before = _run_before(text, spaced)
        places = [i + 1 for i, letter in enumerate(word[:4]) if "\u0e01" <= letter <= "\u0e2e"]
        options = sorted((reading_cost(word[:i] + marks + word[i:]), i) for i in places)
        cost, place = options[0]
        is_only_one = len(options) == 1 or options[1][0] > cost + CLEAR
        moved = word[:place] + marks + word[place:]
        if not is_only_one or unknown_letters(moved):
            return marks
        return (
            f"{marks}\u0000{place}\u0000"
            if (reading_cost(before) + cost < reading_cost(before + marks + word))
            else marks
        )

    marked = _EARLY_MARK.sub(move, text)
    return re.sub(
        rf"([{MARK}]+)\u0000(\d)\u0000([{LETTER}]*)",
        lambda m: m[3][: int(m[2])] + m[1] + m[3][int(m[2]) :],
        marked,
    )


def space_before_mark(text: str) -> str:
    """Close a gap before a mark: it belongs to the letter before the gap.

    >>> space_before_mark("ถ ึงกรณ ีที่")
    'ถึงกรณีที่'
    >>> space_before_mark("เครื่องหมาย ์ และสระ ิ")
    'เครื่องหมาย ์ และสระ ิ'
    """

    def close(match: re.Match[str]) -> str:
        before = _run_before(match.string, match.start())
        after = _run_after(match.string, match.end())
        joined = before + match[2] + after
        is_sign = not after and unknown_letters(joined) > unknown_letters(before)
        return match[0] if is_sign else match[2] + match[1].replace(" ", "")

    return _until_steady(_SPACED_MARK, close, text)


def space_before_vowel(text: str) -> str:
    """Close a gap before SARA A, AA or AM, which begin no word, where one reading is clear.

    >>> space_before_vowel("จ ำนวนงบประม าณ")
    'จำนวนงบประมาณ'
    >>> space_before_vowel("ตัวอักษร า และ ำ")
    'ตัวอักษร า และ ำ'
    """

    def close(match: re.Match[str]) -> str:
        before = _run_before(match.string, match.start())
        after = _run_after(match.string, match.end())
        apart = reading_cost(before) + reading_cost(match[2] + match[3] + after)
        vowels = "\u0e32\u0e33" if match[3] == "\u0e32" else match[3]
        costs = sorted((reading_cost(before + match[2] + v + after), v) for v in vowels)
        is_sign = not after and costs[0][0] > apart - CLEAR
        margin = SURE if costs[0][1] == "\u0e32" else CLEAR
        is_open = len(costs) == 2 and costs[1][0] < costs[0][0] + margin
        if is_sign or is_open:
            return match[0]
        return match[2] + costs[0][1] + match[1].replace(" ", "")

    return _until_steady(_SPACED_VOWEL, close, text)


def space_after_leading_vowel(text: str) -> str:
    """Close a gap between a leading vowel and its consonant where that makes known words.

    >>> space_after_leading_vowel("เ ทศบาล")
    'เทศบาล'
    >>> space_after_leading_vowel("สระ เ กับ แ")
    'สระ เ กับ แ'
    """

    def close(match: re.Match[str]) -> str:
        before = _run_before(match.string, match.start())
        after = _run_after(match.string, match.end())
        is_alone = len(before) == 1 and reading_cost(after) < reading_cost(before + after)
        return match[0] if is_alone or unknown_letters(before + after) else ""

    return _until_steady(_OPEN_VOWEL, close, text)


def collapse_spaces(text: str) -> str:
    """Write several spaces in a row as one, but for two in a word that has lost two marks.

    >>> collapse_spaces("พ.ศ.   2568")
    'พ.ศ. 2568'
    >>> collapse_spaces("พ.ศ. 2568 น  าพร้าว")
    'พ.ศ. 2568 น  าพร้าว'
    """
    return _SPACES.sub(" ", text)


def strip_lines(text: str) -> str:
    r"""Drop spaces at both ends of every printed line.

    >>> strip_lines(" กองคลัง \n กองช่าง ")
    'กองคลัง\nกองช่าง'
    >>> strip_lines("กองคลัง\nกองช่าง")
    'กองคลัง\nกองช่าง'
    """
    return _LINE_END.sub("", text)


BEFORE_FONT_RULES: tuple[Rule, ...] = (
    soft_hyphen,
    drop_invisible,
    plain_spaces,
    private_use_glyphs,
)
"""What stands for what in any font; before the rules of one font, which look at letters."""

TEXT_RULES: tuple[Rule, ...] = (
    *BEFORE_FONT_RULES,
    latin_ligatures,
    compose_letters,
    two_sara_e,
    vowel_before_tone,
    compose_sara_am,
    tone_before_sara_am,
    sara_am_twice,
    doubled_tone_as_sara_am,
    doubled_marks,
    collapse_spaces,
    mark_before_word,
    space_before_mark,
    space_before_vowel,
    space_after_leading_vowel,
    strip_lines,
)


def _may_change(text: str) -> bool:
    """Every text that one of the rules changes has one of these; most cells have none."""
    return bool(
        text[:1].isspace()
        or text[-1:].isspace()
        or "\u0e33\u0e32" in text
        or "\u0e33\u0e33" in text
        or "\u0e40\u0e40" in text
        or _ODD_SPACING.search(text)
        or _ODD_LETTER.search(text)
        or _ODD_VOWEL_MARK.search(text)
        or _ODD_TONE.search(text)
        or not unicodedata.is_normalized("NFC", text)
    )


# Rules for the fonts that have one defect.

_SPLIT_WORDS = re.compile(
    rf"(?<![{LETTER}])[{LETTER}]++"
    rf"(?:(?<=[{CONSONANT}{TONE}])(?: |\n| \n)[{TONE}]?\u0e32[{LETTER}]*+)+"
)
_SPLIT = re.compile(rf"( |\n| \n)([{TONE}]?)\u0e32")
_AM_WORDS = re.compile(rf"[{LETTER}]++(?:(?: |\n| \n)[{TONE}]?\u0e33[{LETTER}]*+)*")
_SPACED_AM = re.compile(rf"( |\n| \n)([{TONE}]?)\u0e33")
_REPLACED_WORDS = re.compile(
    rf"(?<![{LETTER}\ufffd])[{LETTER}]+\ufffd[{TONE}]?[\u0e32\u0e33][{LETTER}\ufffd]*+"
)
_REPLACED = re.compile(rf"(?<=[{CONSONANT}{TONE}])\ufffd([{TONE}]?)([\u0e32\u0e33])")
_TONED_AA_WORDS = re.compile(rf"(?<![{LETTER}])[{LETTER}]*([{TONE}])\1{{1,3}}\u0e32[{LETTER}]*+")


def _clearly(reading: str, other: str, margin: float = CLEAR) -> bool:
    """The one reading beats the other by the margin, whatever lines they are printed on."""
    one, two = reading_cost(reading.replace("\n", "")), reading_cost(other.replace("\n", ""))
    return one + margin < two


def _readings_of_split(words: str) -> tuple[str, str]:
    """The words with SARA AM in each gap, and with SARA AA; a line break moves behind the vowel."""

    def fill(vowel: str) -> str:
        return _SPLIT.sub(lambda m: f"{m[2]}{vowel}{m[1].replace(' ', '')}", words)

    return fill("\u0e33"), fill("\u0e32")


def _readings_of_reversed(words: str) -> tuple[str, str]:
    """The words as they stand, and read in reverse; in both a spaced SARA AM is a true one."""
    held = _SPACED_AM.sub(lambda m: f"{m[2]}\u0000{m[1].replace(' ', '')}", words)
    turned = held.replace("\u0e33", "\u0e32")
    return held.replace("\u0000", "\u0e33"), turned.replace("\u0000", "\u0e33")


def _readings_of_replaced(words: str) -> tuple[str, str]:
    """The words with SARA AM for each U+FFFD and its vowel, and with the better tone mark."""
    toned = (_REPLACED.sub(rf"{tone}\2", words) for tone in "่้")
    return _REPLACED.sub("\\1\u0e33", words), min(toned, key=reading_cost)


def split_sara_am(text: str) -> str:
    """Join a consonant, a space and SARA AA into SARA AM: Word 2007 loses the ring so.

    >>> split_sara_am("ส านักงาน จ านวน น ้า")
    'สำนักงาน จำนวน น้ำ'
    >>> split_sara_am("สาขา อาคาร เวล า")
    'สาขา อาคาร เวล า'
    """

    def join(match: re.Match[str]) -> str:
        ring, plain = _readings_of_split(match[0])
        is_plain = _clearly(plain, ring, 2 * SURE)
        return match[0] if is_plain else ring

    return _SPLIT_WORDS.sub(join, text)


def reversed_sara_am(text: str) -> str:
    """Read SARA AM as SARA AA and a spaced one as SARA AM: some Excel exports swap them.

    >>> reversed_sara_am("ค ำนวณรำคำกลำง ยำ")
    'คำนวณราคากลาง ยา'
    >>> reversed_sara_am("จำนวนราคา")
    'จำนวนราคา'
    """

    def turn(match: re.Match[str]) -> str:
        if "\u0e33" not in match[0]:
            return match[0]
        upright, turned = _readings_of_reversed(match[0])
        margin = 0.0 if "\u0e32" in match[0] else SURE
        return upright if _clearly(upright, turned, margin) else turned

    return _AM_WORDS.sub(turn, text)


def partly_reversed_sara_am(text: str) -> str:
    """Read SARA AM in reverse only where the words say so: two fonts of one name, one of them bad.

    >>> partly_reversed_sara_am("โรงพยำบำล จัดท ำ")
    'โรงพยาบาล จัดทำ'
    >>> partly_reversed_sara_am("จำนวน ทำ")
    'จำนวน ทำ'
    """

    def turn(match: re.Match[str]) -> str:
        if "\u0e33" not in match[0]:
            return match[0]
        upright, turned = _readings_of_reversed(match[0])
        return turned if _clearly(turned, upright, SURE) else upright

    return _AM_WORDS.sub(turn, text)


def replaced_sara_am(text: str) -> str:
    """Read U+FFFD before SARA AA or AM as the lost ring, unless a tone mark reads better.

    >>> replaced_sara_am("ด\ufffdำเนินงาน ประจ\ufffdาปี")
    'ดำเนินงาน ประจำปี'
    >>> replaced_sara_am("ข\ufffdาว ชื\ufffdอ")
    'ข\ufffdาว ชื\ufffdอ'
    """

    def restore(match: re.Match[str]) -> str:
        ring, toned = _readings_of_replaced(match[0])
        is_tone = "\u0e33" not in match[0] and _clearly(toned, ring, SURE)
        return match[0] if is_tone else ring

    return _REPLACED_WORDS.sub(restore, text)


def dropped_nikhahit(text: str) -> str:
    """Give SARA AA its ring back in words that are none without it.

    >>> dropped_nikhahit("การดาเนินงานประจาปี")
    'การดำเนินงานประจำปี'
    >>> dropped_nikhahit("ทา มาลา")
    'ทา มาลา'
    """

    def restore(match: re.Match[str]) -> str:
        before, after = _run_before(text, match.start()), _run_after(text, match.end())
        word = lost_ring_words()[match[0]]
        is_clear = _clearly(before + word + after, before + match[0] + after)
        return word if is_clear else match[0]

    return lost_ring_pattern().sub(restore, text) if "\u0e32" in text else text


def tone_for_ring(text: str) -> str:
    """Read a tone mark, or the second of two, as the ring of SARA AM in a font that maps it so.

    >>> tone_for_ring("น้้า ต่่า ก่าหนด")
    'น้ำ ต่ำ กำหนด'
    >>> tone_for_ring("ว่า ค่า ท่า")
    'ว่า ค่า ท่า'
    """

    def read(match: re.Match[str]) -> str:
        before, after = _run_before(text, match.start()), _run_after(text, match.end())
        plain, ring = f"{match[1]}\u0e32", f"{match[2][:1]}\u0e33"
        is_plain = _clearly(before + plain + after, before + ring + after)
        is_ring = _clearly(before + ring + after, before + plain + after)
        return ring if is_ring or (match[2] and not is_plain) else match[0]

    return _TONED_AA.sub(read, text)


FONT_RULES: tuple[Rule, ...] = (
    reversed_sara_am,
    partly_reversed_sara_am,
    split_sara_am,
    replaced_sara_am,
    tone_for_ring,
    dropped_nikhahit,
)
"""A defect that can be undone bears the name of its rule; `dropped_marks` has none."""


# Evidence.

_CONSONANTS = re.compile(rf"[{CONSONANT}]")
_TONES = re.compile(rf"[{TONE}]")
_UPPER_VOWELS = re.compile("[\u0e31\u0e34-\u0e37\u0e47]")
_UNMAPPED = re.compile(
    rf"(?<=[{LETTER}])[\ufffd\ue000-\uf6ff\uf71b-\uf883\uf89f-\uf8ff\U000f0000-\U0010ffff]"
)
_MAI_EK_WORDS = re.compile(rf"[{LEADING}]?[{CONSONANT}]+\u0e48\u0e32[{LETTER}]{{,4}}")
_OTHER_DOUBLED_TONE = re.compile(rf"([{TONE}])\1(?!\u0e32)")


def _some(pattern: re.Pattern[str], text: str, letter: str) -> Iterator[str]:
    """Different matches that hold the letter, no more than are worth a vote."""
    seen: set[str] = set()
    for match in pattern.finditer(text):
        if letter in match[0] and match[0] not in seen:
            seen.add(match[0])
            yield match[0]
            if len(seen) == MAX_VOTES:
                return


def _votes(text: str) -> Counter[str]:
    """How many different words speak for a defect, against it, or cannot tell."""
    votes: Counter[str] = Counter()

    def vote(defect: str, bad: str, good: str, *, margin: float = CLEAR) -> None:
        is_for, is_against = _clearly(bad, good, margin), _clearly(good, bad)
        verdict = "for" if is_for else "against" if is_against else "open"
        votes[f"{verdict} {defect}"] += 1

    if _SPLIT.search(text):
        for words in _some(_SPLIT_WORDS, text, "\u0e32"):
            vote("split_sara_am", *_readings_of_split(words))
    if "\u0e33" in text:
        for words in _some(_AM_WORDS, text, "\u0e33"):
            upright, turned = _readings_of_reversed(words)
            if upright != turned:
                vote("reversed_sara_am", turned, upright, margin=SURE)
    if "\ufffd" in text:
        for words in _some(_REPLACED_WORDS, text, "\ufffd"):
            vote("replaced_sara_am", *_readings_of_replaced(words))
    for words in _some(_TONED_AA_WORDS, text, "\u0e32"):
        vote("tone_for_ring", tone_for_ring(words), _DOUBLED.sub(r"\1", words))
    return votes


def _has(defect: str, own: Counter[str], document: Counter[str]) -> bool:
    """A font is judged by its own words; where they are few, by the whole document's."""
    is_seen = any(own[f"{verdict} {defect}"] for verdict in ("for", "against", "open"))
    told = own[f"for {defect}"] + own[f"against {defect}"]
    votes = own if told >= ENOUGH_VOTES else document
    return is_seen and votes[f"for {defect}"] > 3 * votes[f"against {defect}"]


def _reversal(text: str, own: Counter[str], document: Counter[str]) -> tuple[str, ...]:
    """Which of the two reverse defects a font has; other fonts only confirm it."""
    is_for, against = own["for reversed_sara_am"], own["against reversed_sara_am"]
    if not is_for or document["for reversed_sara_am"] < 2 or is_for <= 3 * against:
        return ()
    is_pure = "\u0e32" not in text
    if is_pure:
        return ("reversed_sara_am",)
    return ("partly_reversed_sara_am",) if is_for >= ENOUGH_VOTES else ()


def _lacks_marks(text: str) -> bool:
    """Hardly a tone mark or hardly an upper vowel where right text has one for ten consonants."""
    consonants = len(_CONSONANTS.findall(text))
    rarest = min(len(_TONES.findall(text)), len(_UPPER_VOWELS.findall(text)))
    if consonants < 60 or rarest > consonants / 50:
        return False
    return unknown_letters(text) > consonants / 20


def _lost_rings(text: str, ring: str) -> int:
    """How many different words show another sign for the ring of their SARA AM."""
    words = {match[0] for match in lost_ring_pattern(ring).finditer(text)}
    return sum(_clearly(lost_ring_words(ring)[word], word) for word in words)


def _lacks_rings(text: str) -> bool:
    """Words have lost the ring of their SARA AM, and hardly one has kept it."""
    kept = text.count("\u0e33")
    consonants = len(_CONSONANTS.findall(text))
    return consonants >= 30 and kept * 300 < consonants and _lost_rings(text, "") > 1


def _rings_are_tones(text: str, is_told: bool) -> bool:
    """A tone mark stands for the ring of SARA AM, and none is doubled by mere mistake."""
    if "\u0e33" in text or _OTHER_DOUBLED_TONE.search(text):
        return False
    lost = _lost_rings(text, "\u0e48") if "\u0e48\u0e32" in text else 0
    return is_told or (lost > 1 and lost * 5 > len(set(_MAI_EK_WORDS.findall(text))))


def classify(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    r"""Name the defects of each font from all of its text in one document.

    `texts` holds what stands in each font, one printed run a line. A font with too little text
    to judge shares the verdict on the document's other fonts.

    >>> classify({"A": "ส านักงาน\nจ านวน", "B": "รำคำกลำง\nจ ำนวน\nอำคำร", "C": "สำนักงาน จำนวน"})
    {'A': ('split_sara_am',), 'B': ('reversed_sara_am',), 'C': ()}
    """
    rules = (*BEFORE_FONT_RULES, compose_sara_am)
    clean = {font: apply(rules, text)[0] for font, text in texts.items()}
    votes = {font: _votes(text) for font, text in clean.items()}
    document = sum(votes.values(), Counter[str]())
    defects = {}
    for font, text in clean.items():
        sample, own = text[:SAMPLE], votes[font]
        found = _reversal(sample, own, document)
        found += tuple(d for d in ("split_sara_am", "replaced_sara_am") if _has(d, own, document))
        if _rings_are_tones(sample, _has("tone_for_ring", own, document)):
            found += ("tone_for_ring",)
        if not found and "\u0e32" in sample and _lacks_rings(sample):
            found += ("dropped_nikhahit",)
        if _lacks_marks(sample):
            found += ("dropped_marks",)
        if _UNMAPPED.search(text) and _UNMAPPED.search(replaced_sara_am(text)):
            found += ("unmapped_glyphs",)
        defects[font] = found
    return defects


# Repair.

_HEAD = re.compile(rf"(?: ?\n?)[{TONE}]?[\u0e32\u0e33]")
_TAIL = re.compile(rf"[{CONSONANT}][{TONE}]?\s*\Z")


def _by_defects(
    pieces: Sequence[tuple[str, str]], defects: Mapping[str, tuple[str, ...]]
) -> list[tuple[tuple[str, ...], str]]:
    """Neighbours with the same defects as one; a split SARA AM goes whole to the broken font."""
    parts: list[tuple[tuple[str, ...], str]] = []
    for font, text in pieces:
        found = defects.get(font, ())
        if parts and (parts[-1][0] == found or not text.strip()):
            parts[-1] = (parts[-1][0], parts[-1][1] + text)
            continue
        if parts and found and _HEAD.match(text) and (tail := _TAIL.search(parts[-1][1])):
            parts[-1] = (parts[-1][0], parts[-1][1][: tail.start()])
            text = tail[0] + text
        elif parts and "split_sara_am" in parts[-1][0] and (head := _HEAD.match(text)):
            parts[-1] = (parts[-1][0], parts[-1][1] + head[0])
            text = text[head.end() :]
        parts.append((found, text))
    return parts


def _tidy(text: str) -> tuple[str, tuple[Step, ...]]:
    """Apply the rules of any text until nothing changes: one can make room for another."""
    steps: tuple[Step, ...] = ()
    for _ in range(MAX_ROUNDS):
        text, more = apply(TEXT_RULES, text) if _may_change(text) else (text, ())
        if not more:
            break
        steps += more
    return text, steps


def repair(
    pieces: Sequence[tuple[str, str]], defects: Mapping[str, tuple[str, ...]]
) -> tuple[str, tuple[Step, ...]]:
    r"""Make the right text of one cell from its runs, `(font, text)` in reading order.

    Every line break stays. The steps lead from the joined runs to the text.

    >>> text, steps = repair((("A", "ต าบลนํ้า"), ("B", "ต ำรำ")), {"B": ("reversed_sara_am",)})
    >>> text, [step.rule for step in steps]
    ('ตำบลน้ำตำรา', ['reversed_sara_am', 'compose_sara_am', 'space_before_vowel'])
    """
    raw = "".join(text for _, text in pieces)
    if not any(defects.get(font) for font, _ in pieces):
        return _tidy(raw)
    parts = _by_defects(pieces, defects)
    before, steps = raw, []
    for rule in (*BEFORE_FONT_RULES, *FONT_RULES):
        name = rule.__name__
        is_for_all = rule in BEFORE_FONT_RULES
        parts = [(d, rule(text) if is_for_all or name in d else text) for d, text in parts]
        after = "".join(text for _, text in parts)
        if after != before:
            steps.append(Step(name, before, after))
        before = after
    value, more = _tidy(before)
    return value, (*steps, *more)


_NO_SKELETON = re.compile(rf"[{MARK}\s]+")


def mark_skeleton(text: str) -> str:
    """What is left of a text when its marks, rings and spaces are lost, to compare by.

    >>> mark_skeleton("ในหน่วยงาน ของท่าน") == mark_skeleton("ในหนวยงานของทาน")
    True
    >>> mark_skeleton("ตำบล") == mark_skeleton("ตาบล") == "ตาบล"
    True
    """
    return _NO_SKELETON.sub("", text).replace("\u0e33", "\u0e32")
