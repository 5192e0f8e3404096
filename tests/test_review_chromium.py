"""The review in a real Chromium: by keyboard alone, for screen readers, on a narrow screen.

Needs Debian's `chromium` and `fonts-thai-tlwg`; `./test` installs them where it may.
"""

import shutil
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from test_review import FAULTY, convert, findings, folder, made, open_desk, out, rows  # noqa: F401

from export.decisions import read_decisions
from normalize.decisions import in_force
from review.serve import hosts_of, listening
from review.web import Guard, Site

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@contextmanager
def served(desk):
    """The desk on a free port of this machine."""
    with listening("127.0.0.1", 0) as found:
        port = found.getsockname()[1]
        site = Site(desk, Guard(hosts_of("127.0.0.1", port)))
        server = uvicorn.Server(
            uvicorn.Config(site.application(), log_level="warning", lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]})
        desk.start()
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()
            desk.close()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A window in which every complaint of the browser and every request is noted."""
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    window.complaints = []
    window.asked = []
    window.on("console", lambda message: window.complaints.append(message.text))
    window.on("pageerror", lambda error: window.complaints.append(str(error)))
    window.on("request", lambda request: window.asked.append(request.url))
    yield window
    window.close()


def press(page, key):
    """Press a key that leads to another page, and wait for it."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_ten_items_are_decided_by_keyboard_and_hold(page, out, folder):  # noqa: F811
    desk = open_desk(out)
    with served(desk) as address:
        page.goto(address)
        press(page, "o")
        asked, decided = [], 0
        while decided < 10:
            heading = page.locator("h1 code").inner_text()
            asked.append(page.url.split("?")[0])
            if heading == "period_outside_year":
                page.keyboard.press("e")
                page.keyboard.press("Control+a")
                page.keyboard.type("ไตรมาสที่ 2")
                press(page, "Control+Enter")
            elif heading == "code_misread":
                press(page, "1")
            elif heading == "score_range" and page.locator("main").get_by_text("a.txt").count():
                page.keyboard.press("e")
                page.keyboard.press("Control+a")
                page.keyboard.type("92")
                press(page, "Control+Enter")
            else:
                press(page, "a")
            decided += 1
            assert page.locator(".said").inner_text() == "Saved"
        assert len(set(asked)) == 10
        page.reload()
        assert page.locator("progress").get_attribute("value") == "10"
        press(page, "h")
        assert page.locator("tbody tr").count() == 10
        assert page.complaints == []
        assert {url.split("/")[2] for url in page.asked} == {address.split("/")[2]}
    before = rows(out)
    assert before["i15"]["timeframe"] == "ไตรมาสที่ 2"
    assert before["i10"]["score"] == 92
    assert len(in_force(read_decisions(out / "decisions.jsonl"))) == 10
    convert(folder, out)
    assert rows(out) == before
    again = open_desk(out)
    assert again.items.keys().isdisjoint({url.rsplit("/", 1)[1] for url in asked})


def test_skip_undo_and_help_have_their_keys(page, out):  # noqa: F811
    desk = open_desk(out)
    with served(desk) as address:
        page.goto(address)
        press(page, "o")
        first = page.url
        press(page, "s")
        assert page.url != first
        press(page, "p")
        assert page.url == first
        press(page, "a")
        assert page.locator("progress").get_attribute("value") == "1"
        press(page, "u")
        assert page.locator("progress").get_attribute("value") == "0"
        press(page, "?")
        assert page.locator("kbd").count() >= 12
        press(page, "g")
        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.name") == "document"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "main"
        assert page.complaints == []


def test_keys_do_nothing_while_someone_types(page, out):  # noqa: F811
    desk = open_desk(out)
    with served(desk) as address:
        page.goto(address)
        press(page, "o")
        page.get_by_label("Why (not needed)").focus()
        page.keyboard.type("sauna 1")
        assert page.get_by_label("Why (not needed)").input_value() == "sauna 1"
        assert desk.decisions == ()


def test_it_works_without_javascript(browser, out):  # noqa: F811
    desk = open_desk(out)
    window = browser.new_context(java_script_enabled=False).new_page()
    with served(desk) as address:
        window.goto(address)
        window.locator("tbody a").first.click()
        window.get_by_role("button", name="Right as it is").click()
        assert window.locator(".said").inner_text() == "Saved"
    window.close()
    assert len(read_decisions(out / "decisions.jsonl")) == 1


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, out, language, scheme):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    desk = open_desk(out)
    dump = next(i for i in desk.queue() if i.check == "period_outside_year")
    paper = next(i for i in desk.queue() if i.document == "phanom-2568.pdf" and i.place)
    window = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    with served(desk) as address:
        window.goto(f"{address}/language?to={language}")
        window.goto(f"{address}/item/{dump.id}")
        press(window, "a")
        for path in ("/", f"/item/{paper.id}", "/history", "/help", f"/page/{paper.id}/2"):
            window.goto(address + path)
            found = Axe().run(window).response["violations"]
            serious = [v for v in found if v["impact"] in ("serious", "critical")]
            assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == [], path
        other = next(i for i in desk.queue() if i.document == "a.txt")
        window.goto(f"{address}/item/{other.id}")
        found = Axe().run(window).response["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    window.close()


def test_a_narrow_screen_does_not_scroll_sideways(browser, out):  # noqa: F811
    desk = open_desk(out)
    window = browser.new_page(viewport={"width": 360, "height": 700})
    with served(desk) as address:
        for item in (None, *desk.queue()[:6]):
            window.goto(f"{address}/item/{item.id}" if item else address)
            assert window.evaluate("document.documentElement.scrollWidth") <= 360
    window.close()


def test_the_picture_shows_the_cell_that_is_asked_about(page, out):  # noqa: F811
    desk = open_desk(out)
    paper = next(i for i in desk.queue() if i.document == "phanom-2568.pdf" and i.place)
    with served(desk) as address:
        page.goto(f"{address}/item/{paper.id}")
        sizes = page.evaluate(
            "[...document.querySelectorAll('.paper img')].map(i => i.naturalWidth)"
        )
        assert len(sizes) >= 2
        assert min(sizes) > 50
        press(page, "z")
        assert page.evaluate("document.querySelector('img.whole').naturalWidth") > 800
