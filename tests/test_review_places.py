"""The review with two windows, on pages that a viewer cuts, and with a Thai keyboard."""

from io import BytesIO

import numpy as np
import pypdfium2
from PIL import Image
from test_review import Person, convert, folder, made, out, person  # noqa: F401
from test_review_chromium import browser, page, press, served  # noqa: F401
from test_review_chromium import pytestmark as in_chromium

MARGIN = 20


def pixels(answer):
    assert answer.status_code == 200
    return np.asarray(Image.open(BytesIO(answer.content)).convert("L")).astype(int)


def test_a_cell_is_shown_where_it_lies_on_a_page_that_a_viewer_cuts(out, folder, tmp_path):  # noqa: F811
    """Boxes count from the corner of the whole page, whatever of it a viewer shows."""
    pdf = pypdfium2.PdfDocument(folder / "phanom-2568.pdf")
    for sheet in pdf:
        left, bottom, right, top = sheet.get_mediabox()
        sheet.set_cropbox(left + MARGIN, bottom + MARGIN, right - MARGIN, top - MARGIN)
    (tmp_path / "cut").mkdir()
    pdf.save(tmp_path / "cut" / "phanom-2568.pdf")
    pdf.close()
    convert(tmp_path / "cut", tmp_path / "cut-out")
    usual, cut = Person(out), Person(tmp_path / "cut-out")
    items = [i for i in usual.desk.queue() if i.document == "phanom-2568.pdf" and i.place]
    assert items
    for item in items:
        assert item.id in cut.desk.items
        place = "-".join(map(str, item.place))
        one, other = (pixels(p.get(f"/crop/{item.id}/{place}")) for p in (usual, cut))
        assert one.shape == other.shape
        assert np.abs(one - other).mean() < 2


def test_a_report_that_was_read_before_a_decision_is_not_kept_after_it(person):  # noqa: F811
    """As where two windows ask at once: the one decides while the other's page is being made."""
    desk, tools, item = person.desk, person.desk.tools, person.item("period_outside_year")
    decided = []

    def meanwhile(store, document, decisions):
        found = tools.report(store, document, decisions)
        if not decided:
            decided.append(document)
            person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
            desk.work()
        return found

    desk.tools = tools._replace(report=meanwhile)
    desk.report("a.txt")
    cells = {(c.page, c.row, c.column): c.value for c in desk.report("a.txt").cells}
    assert cells[tuple(item.place)] == "ไตรมาสที่ 2"


def strike(page, key, code, **more):  # noqa: F811
    """Press a key as a keyboard of another language has it."""
    session = page.context.new_cdp_session(page)
    for kind in ("keyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code} | more)
    session.detach()


@in_chromium
def test_the_keys_are_where_they_are_on_a_thai_keyboard(page, out):  # noqa: F811
    desk = Person(out).desk
    with served(desk) as address:
        page.goto(address)
        for key, code, there in (("น", "KeyO", "/item/"), ("้", "KeyH", "/history")):
            with page.expect_navigation():
                strike(page, key, code)
            assert there in page.url
        with page.expect_navigation():
            strike(page, "ฦ", "Slash", modifiers=8)
        assert page.url.endswith("/help")
        page.goto(address)
        press(page, "o")
        with page.expect_navigation():
            strike(page, "ฟ", "KeyA")
        assert page.locator("progress").get_attribute("value") == "1"
        page.get_by_label("Why (not needed)").focus()
        strike(page, "ฟ", "KeyA")
        assert len(desk.decisions) == 1


@in_chromium
def test_a_key_held_down_decides_once(page, out):  # noqa: F811
    desk = Person(out).desk
    with served(desk) as address:
        page.goto(address)
        press(page, "o")
        press(page, "a")
        strike(page, "a", "KeyA", autoRepeat=True)
        strike(page, "q", "KeyA")  # where a French keyboard has its q
        press(page, "h")
        assert len(desk.decisions) == 1
