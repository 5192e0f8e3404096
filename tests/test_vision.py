"""Pages read by a vision endpoint: against a server on this machine that speaks the protocol."""

import base64
import json
import pickle
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import numpy as np
import pytest

from extract import vision
from extract.model import Box, Source
from extract.vision import CONFIDENCE, PROMPT, VisionFailed, VisionReader, to_page
from pipeline import convert_document

PAGE = np.full((60, 80), 255, np.uint8)
PAGE[20:30, 10:70] = 0
TEXT = "# รายงาน ๒๕๖๙\n\n<table><tr><td>ข้อ</td></tr><tr><td>i๑๒</td></tr></table>\n"
KEY = "sk-secret-1234"


def completion(content=TEXT, reason="stop"):
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": reason}
    return json.dumps({"choices": [choice]}).encode()


class Endpoint:
    """Answers one after another, the last again and again; keeps what it was sent."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.paths, self.bodies, self.keys = [], [], []
        self.hold = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                endpoint.answer(self)

            def log_message(self, *said):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a client that hangs up
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def answer(self, handler):
        self.paths.append(handler.path)
        self.keys.append(handler.headers.get("Authorization"))
        self.bodies.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
        status, body, *headers = self.answers[0]
        del self.answers[: len(self.answers) > 1]
        if status == "hold":
            self.hold.wait(10)
            return
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def close(self):
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = []

    def start(*answers):
        made.append(Endpoint(*answers))
        return made[-1]

    yield start
    for one in made:
        one.close()


def reader(one, **more):
    return VisionReader(one.url, "typhoon-ocr", **{"waits_seconds": (0, 0), **more})


def test_a_page_is_asked_about_in_the_protocol(endpoint, monkeypatch):
    one = endpoint((200, completion()))
    monkeypatch.setenv("OCR_KEY", f" {KEY}\n")
    assert reader(one, key_variable="OCR_KEY").read_page(PAGE) == TEXT
    assert one.paths == ["/v1/chat/completions"]
    assert one.keys == [f"Bearer {KEY}"]
    [body] = one.bodies
    assert body["model"] == "typhoon-ocr"
    assert body["temperature"] == 0
    [message] = body["messages"]
    asked, picture = message["content"]
    assert message["role"] == "user"
    assert asked == {"type": "text", "text": PROMPT}
    kind, _, encoded = picture["image_url"]["url"].partition(",")
    assert (picture["type"], kind) == ("image_url", "data:image/png;base64")
    sent = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(sent, PAGE)


def test_without_a_variable_no_key_is_sent(endpoint):
    one = endpoint((200, completion()))
    reader(one).read_page(PAGE)
    assert one.keys == [None]


def test_a_large_page_is_made_smaller(endpoint):
    one = endpoint((200, completion()))
    reader(one, max_pixels=1200).read_page(PAGE)
    encoded = one.bodies[0]["messages"][0]["content"][1]["image_url"]["url"].partition(",")[2]
    sent = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_UNCHANGED)
    assert sent.shape == (30, 40)


def test_a_page_that_is_no_small_png_is_sent_as_jpeg(endpoint, monkeypatch):
    monkeypatch.setattr(vision, "MOST_PNG_BYTES", 10)
    one = endpoint((200, completion()))
    colours = np.dstack((PAGE, PAGE, PAGE))
    reader(one).read_page(colours)
    url = one.bodies[0]["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")


def test_an_answer_in_parts_and_in_json(endpoint):
    parts = [{"type": "text", "text": "ข้อ "}, {"type": "other"}, {"type": "text", "text": "๑"}]
    one = endpoint((200, completion(parts)), (200, completion('{"natural_text": "ข้อ ๒"}')))
    assert reader(one).read_page(PAGE) == "ข้อ ๑"
    assert reader(one).read_page(PAGE) == "ข้อ ๒"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_endpoint_is_asked_again(endpoint, status):
    one = endpoint((status, b"later"), (status, b"later"), (200, completion()))
    assert reader(one).read_page(PAGE) == TEXT
    assert len(one.bodies) == 3
    assert one.bodies[0] == one.bodies[2]


def test_but_not_for_ever(endpoint):
    one = endpoint((500, b"out of memory"))
    said = f"^{one.url}/chat/completions: .* busy or broken .500: out of memory.; try again later$"
    with pytest.raises(VisionFailed, match=said):
        reader(one).read_page(PAGE)
    assert len(one.bodies) == 3


def test_the_waits_grow(endpoint, monkeypatch):
    waited = []
    monkeypatch.setattr(vision.time, "sleep", waited.append)
    one = endpoint((503, b""))
    with pytest.raises(VisionFailed):
        VisionReader(one.url, "m").read_page(PAGE)
    assert len(waited) == 2
    assert 0 < waited[0] < waited[1] < 10


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "check the key in OCR_KEY"),
        (403, "check the key in OCR_KEY"),
        (404, "no model typhoon-ocr"),
        (400, "check the model and its limits"),
        (413, "check the model and its limits"),
    ],
)
def test_a_refusal_is_told_once_and_without_the_key(endpoint, monkeypatch, status, advice):
    monkeypatch.setenv("OCR_KEY", KEY)
    one = endpoint((status, f"wrong key {KEY}".encode() + b"x" * 5000))
    with pytest.raises(VisionFailed, match=advice) as raised:
        reader(one, key_variable="OCR_KEY").read_page(PAGE)
    assert len(one.bodies) == 1
    assert KEY not in str(raised.value)
    assert str(status) in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_refusal_without_a_key_asks_for_one(endpoint):
    with pytest.raises(VisionFailed, match="name the variable of a key"):
        reader(endpoint((401, b""))).read_page(PAGE)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello",
        b"",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"text": "old"}]}',
        b'{"choices": [{"message": {"content": [1]}}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_garbage_is_no_answer(endpoint, body):
    with pytest.raises(VisionFailed, match="none of a chat completion"):
        reader(endpoint((200, body))).read_page(PAGE)


@pytest.mark.parametrize("content", ["", " \n", None, []])
def test_an_answer_without_text_is_told(endpoint, content):
    with pytest.raises(VisionFailed, match="without text"):
        reader(endpoint((200, completion(content)))).read_page(PAGE)


def test_half_a_page_is_none(endpoint):
    with pytest.raises(VisionFailed, match="went round in circles"):
        reader(endpoint((200, completion(reason="length")))).read_page(PAGE)


def test_a_too_large_answer_is_let_go(endpoint, monkeypatch):
    monkeypatch.setattr(vision, "MOST_ANSWER_BYTES", 100_000)
    with pytest.raises(VisionFailed, match="larger than 100000 bytes"):
        reader(endpoint((200, completion("ก" * 200_000)))).read_page(PAGE)


def test_a_slow_answer_is_not_waited_for(endpoint):
    one = endpoint(("hold", b""))
    with pytest.raises(VisionFailed, match=r"no whole answer within 0\.2 seconds"):
        reader(one, timeout_seconds=0.2).read_page(PAGE)


def test_a_hung_up_line_is_told(endpoint):
    one = endpoint(("hold", b""))
    one.hold.set()
    with pytest.raises(VisionFailed, match="gives no answer"):
        reader(one).read_page(PAGE)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_page_goes_to_no_other_address(endpoint, status):
    other = endpoint((200, completion()))
    one = endpoint((status, b"", ("Location", other.url + "/chat/completions")))
    with pytest.raises(VisionFailed, match=r"leads to .* which is not followed"):
        reader(one).read_page(PAGE)
    assert other.paths == []


def test_an_endpoint_that_does_not_run(endpoint):
    one = endpoint((200, b""))
    one.close()
    with pytest.raises(VisionFailed, match=r"gives no answer .*check that it runs"):
        reader(one).read_page(PAGE)


@pytest.mark.parametrize("value", [None, "", "  ", "ก", "a\nb"])
def test_a_variable_without_a_key_is_told_before_anything_is_sent(endpoint, monkeypatch, value):
    monkeypatch.delenv("OCR_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("OCR_KEY", value)
    one = endpoint((200, completion()))
    with pytest.raises(VisionFailed, match="OCR_KEY holds no key"):
        reader(one, key_variable="OCR_KEY").read_page(PAGE)
    assert one.paths == []


@pytest.mark.parametrize(
    "address",
    [
        *("", "localhost:8000", "file:///etc/passwd", "ftp://host/v1", "http://", "http:///v1"),
        *("http://host:port/v1", "http://host:99999/v1", "http://[::1/v1", "https://host/v1?key=1"),
    ],
)
def test_an_address_must_be_one_of_an_endpoint(address):
    with pytest.raises(VisionFailed, match="no address of a vision endpoint"):
        VisionReader(address, "m")


def test_an_address_holds_no_key():
    with pytest.raises(VisionFailed, match="environment variable") as raised:
        VisionReader(f"https://me:{KEY}@host/v1", "m")
    assert KEY not in str(raised.value)


def test_its_error_survives_pickling():
    error = pickle.loads(pickle.dumps(VisionFailed("what: where; next")))
    assert (str(error), type(error)) == ("what: where; next", VisionFailed)


def test_a_default_conversion_reaches_for_no_network(root, monkeypatch):
    def refused(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refused)
    result = convert_document(root / "samples" / "phanom-2568.pdf")
    assert result.record.status == "ok"


# ------------------------------------------------------------------ what becomes of an answer

SOURCE = Source("scan.pdf", 4, Box(0, 0, 842, 595))


def test_an_answer_becomes_a_page_that_nobody_trusts():
    page = to_page(TEXT, SOURCE)
    assert (page.source, page.origin, page.layer) == (SOURCE, "ocr", "good")
    assert [line.text for line in page.lines] == ["รายงาน ๒๕๖๙"]
    [table] = page.tables
    head, code = table.cells
    assert (head.raw, head.origin, head.confidence, head.figures) == ("ข้อ", "ocr", CONFIDENCE, None)
    assert (code.raw, code.figures) == ("i๑๒", CONFIDENCE)
    assert code.source == Source("scan.pdf", 4)


def test_all_of_an_answer_is_one_page():
    answer = f"<!-- page 9 -->{TEXT}\f{TEXT}\n<!-- page 1 -->\n{TEXT}"
    page = to_page(answer, SOURCE)
    assert [table.first_row for table in page.tables] == [0, 2, 4]
    assert [cell.row for table in page.tables for cell in table.cells] == [0, 1, 2, 3, 4, 5]
    assert {cell.source.page for table in page.tables for cell in table.cells} == {4}
    assert len(page.lines) == 3


def test_fences_around_an_answer_are_not_on_the_page():
    page = to_page(f"```markdown\n{TEXT}```\n", SOURCE)
    assert [line.text for line in page.lines] == ["รายงาน ๒๕๖๙"]
    assert [cell.raw for cell in page.tables[0].cells] == ["ข้อ", "i๑๒"]


def test_an_answer_of_nothing_is_a_page_that_was_not_read():
    page = to_page("\n```\n```\n", SOURCE)
    assert (page.tables, page.lines, page.layer) == ((), (), "none")
    assert page.layer_note
