"""Whether the text that a PDF page carries is the text that the page shows."""

import re

from extract.model import Layer

MIN_SHOWN = 40
"""Under images, fewer characters are a page number or a stamp and not the page's text."""
IMAGE_PAGE = 0.5
"""Share of the page that images cover from which on they may hold its text."""
LONGEST_WORD = 80

_BLANK = re.compile(r"[\s\u00ad\u200b\ufeff]")
_THAI = re.compile("[\u0e01-\u0e5b\uf700-\uf71a\uf884-\uf89e]")
_CID = re.compile(r"\(cid:\d+\)")
_CONTROL = re.compile("[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]")
_UNMAPPED = re.compile("[\ufffd\ue000-\uf6ff\uf71b-\uf883\uf89f-\uf8ff\U000f0000-\U0010ffff]")
_OTHER_CODE_PAGE = re.compile(
    "[\u00a1-\u024f\u02c6-\u02dd\u03a9\u03c0\u2020\u2021\u2030\u2039-\u2044\u2122\u2202-\u2265\u25ca]"
)
"""What Thai bytes become when read as Windows or Mac Latin."""
_LOOSE_MARK = re.compile(
    "(?<![\u0e01-\u0e2e\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\uf700-\uf71a\uf884-\uf89e\u200b])"
    "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"
)
_PRINTED = re.compile(r"[!-~]+")
_LATIN = re.compile("[A-Za-z]")
_PLAUSIBLE = re.compile(
    r"[(\[<\"'#*]*(?:https?://|www\.)?"
    r"(?:[A-Z]?[a-z]+|[A-Z]+|[a-z]+[A-Z][a-z]+)(?:[-/'&._@](?:[A-Za-z]?[a-z]+|[A-Z]+|[0-9]+))*"
    r"[0-9]*[)\]>\"'.,;:!?*]*"
)
_VOWEL = re.compile("[AEIOUYaeiouy]")
_CONSONANTS_IN_A_ROW = re.compile("[bcdfghjklmnpqrstvwxz]{5}|q[^u\\W]|[uo]{3}|[jvq]{2}")


def _is_plausible(word: str) -> bool:
    """A Latin word, name or address, as far as its shape tells."""
    if len(word) > LONGEST_WORD or not _PLAUSIBLE.fullmatch(word):
        return False
    is_said = bool(_VOWEL.search(word)) and not _CONSONANTS_IN_A_ROW.search(word)
    return word.isupper() or is_said


def _plausible_share(words: list[str]) -> float:
    good = sum(len(word) for word in words if _is_plausible(word))
    return good / sum(map(len, words))


def judge_layer(text: str, *, image_share: float, unseen_share: float = 0.0) -> tuple[Layer, str]:
    """Judge all text of one page, beside the share of the page that images cover and the share of
    its letters that are drawn invisibly (0 to 1).

    >>> judge_layer("- 4 -", image_share=0.98)
    ('none', 'only 3 characters, under images that cover 98% of the page')
    >>> judge_layer("ตารางแสดงวงเงินงบประมาณ", image_share=0.0)
    ('good', '23 of 23 characters are Thai')
    """
    shown = len(text) - len(_BLANK.findall(text))
    if not shown:
        return "none", "no text"
    thai = len(_THAI.findall(text))
    is_image = image_share > IMAGE_PAGE
    if is_image and shown < MIN_SHOWN:
        return (
            "none",
            f"only {shown} characters, under images that cover {image_share:.0%} of the page",
        )
    if is_image and unseen_share > 0.9:
        return "useless", f"an OCR engine laid it invisibly over the picture: {shown} characters"
    cids = _CID.findall(text)
    if sum(map(len, cids)) > shown / 5:
        return "useless", f"{len(cids)} glyphs have a number instead of a letter, as (cid:n)"
    for pattern, limit, what in (
        (_CONTROL, 0.05, "control characters"),
        (_UNMAPPED, 0.2, "unmapped glyphs"),
        (_OTHER_CODE_PAGE, 0.3, "accented letters and signs of another code page"),
    ):
        count = len(pattern.findall(text))
        if count > shown * limit:
            return "useless", f"{count} of {shown} characters are {what}"
    loose = len(_LOOSE_MARK.findall(text))
    if thai >= MIN_SHOWN and loose > thai / 8:
        return "useless", f"{loose} of {thai} Thai characters are marks that stand on no letter"
    words = [word for word in _PRINTED.findall(text) if len(_LATIN.findall(word)) > 2]
    letters = sum(map(len, words))
    if len(words) >= 5 and letters > 2 * thai:
        share = _plausible_share(words)
        if share < (0.6 if is_image else 0.3):
            note = f"{share:.0%} of {len(words)} Latin words look like words"
            return "useless", f"{note}, {thai} of {shown} characters are Thai"
    return "good", f"{thai} of {shown} characters are Thai"
