"""Text layers that say what their page shows, and those that do not."""

import pytest

from extract.layer import judge_layer

THAI = "รายงานผลการประเมินคุณธรรมและความโปร่งใสในการดำเนินงานของหน่วยงานภาครัฐ"
ENGLISH = (
    "No Gift Policy and Open Data: see https://www.nacc.go.th/ita2568 for the E-Service manual"
)
NUMBERS = "1 2,345.00 67.89 90% 2568 1/2 (12) 100.00 45,000.00 33.33 12.5 7 8 9 10 11 12 13 14 15"
# Shapes of the layer that an office scanner laid over a Thai scan, its words shuffled.
SCANNER = (
    "d':uaffinr:uiur:ei'luea'rualvr:dou CIiu?u qnr:ciailu{uoilulnanr:alfi1tn4n raqjd stiualil:ffou "
    "(nruuuraun.1il:dourirraun) wd:uil1nr u1?t Garuraduurjerrfuurjoriogulvlsi?u-) uuTTflafll:a{en"
)


@pytest.mark.parametrize(
    ("text", "image_share", "note"),
    [
        (THAI, 0.0, "70 of 70 characters are Thai"),
        (THAI, 1.0, "70 of 70 characters are Thai"),
        ("ตาราง", 0.0, "5 of 5 characters are Thai"),
        ("ส\u200bำ\u200bนัก งาน", 0.1, "8 of 8 characters are Thai"),
        ("ผู\uf70bอื\uf70aน", 0.0, "7 of 7 characters are Thai"),
        ("รำยงำนผลกำรด ำเนินงำน ค ำสั่ง น ้ำ ต าบล", 0.0, "33 of 33 characters are Thai"),
        (ENGLISH, 0.0, "0 of 78 characters are Thai"),
        (ENGLISH, 0.9, "0 of 78 characters are Thai"),
        (ENGLISH.upper(), 0.0, "0 of 78 characters are Thai"),
        (NUMBERS, 0.0, "0 of 67 characters are Thai"),
        (NUMBERS, 0.6, "0 of 67 characters are Thai"),
        ("- 4 -", 0.0, "0 of 3 characters are Thai"),
        ("THSV(2) AB-12/68 SN0042X QR9 LOT7731 ITAS68 V2.0 KTB1 GFMIS e-GP", 0.0, None),
        (
            "Fiancée à Orléans, Düsseldorf, São Paulo: naïve café",
            0.0,
            "0 of 45 characters are Thai",
        ),
    ],
)
def test_good(text, image_share, note):
    layer, said = judge_layer(text, image_share=image_share)
    assert layer == "good"
    assert note in (said, None)


@pytest.mark.parametrize(
    ("text", "image_share", "note"),
    [
        ("", 0.0, "no text"),
        (" \n \u200b", 0.93, "no text"),
        ("- 4 -", 0.98, "only 3 characters, under images that cover 98% of the page"),
        (
            "Scanned by CamScanner",
            1.0,
            "only 19 characters, under images that cover 100% of the page",
        ),
    ],
)
def test_none(text, image_share, note):
    assert judge_layer(text, image_share=image_share) == ("none", note)


@pytest.mark.parametrize(
    ("text", "image_share", "note"),
    [
        (SCANNER, 1.0, "0% of 9 Latin words look like words, 0 of 177 characters are Thai"),
        (
            THAI.encode("cp874").decode("latin-1"),
            0.0,
            "70 of 70 characters are accented letters and signs of another code page",
        ),
        (
            THAI.encode("cp874").decode("mac_roman"),
            0.0,
            "52 of 69 characters are accented letters and signs of another code page",
        ),
        (
            "(cid:12)(cid:7)(cid:300)(cid:41) 2568 (cid:9)(cid:8)",
            0.0,
            "6 glyphs have a number instead of a letter, as (cid:n)",
        ),
        (
            "\x02\x03\x0f\x11 \x12\x13 \x05\x06\x07 2568",
            0.0,
            "9 of 13 characters are control characters",
        ),
        (
            "\ufffd\ufffdน\ufffdก\ufffd ข\ufffd\ufffd\ufffd",
            0.0,
            "7 of 10 characters are unmapped glyphs",
        ),
        ("\ue001\ue002\ue010\ue033 \U00100001", 0.0, "5 of 5 characters are unmapped glyphs"),
        (
            " ".join(["า่น", "ะี", "เ้", "ก", "โู", "ำ็"] * 5),
            0.0,
            "25 of 60 Thai characters are marks that stand on no letter",
        ),
    ],
)
def test_useless(text, image_share, note):
    assert judge_layer(text, image_share=image_share) == ("useless", note)
