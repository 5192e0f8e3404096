"""Whole pages read by a vision endpoint that speaks OpenAI's protocol, such as Typhoon OCR.

For people who ask for it by address and model; nothing here is reached without. What it answers
is the text of a dump, without a place or a confidence for anything, so no cell of it is trusted.
"""

import base64
import json
import os
import time
from dataclasses import dataclass, replace
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import cv2
import numpy as np

from extract.dump import read_dump
from extract.errors import ReportError
from extract.model import Cell, Grey, Line, Page, Source, Table

PROMPT = (
    "Transcribe this scanned page of a Thai government report completely, from top to bottom. "
    "Write every table as HTML: <table>, <tr>, <td>, with rowspan and colspan where cells are "
    "merged, empty cells included, lines within a cell parted by <br>. Write all other text as "
    "Markdown. Keep every character as it is printed: Thai digits stay Thai digits, Arabic digits "
    "stay Arabic digits, codes, dates, dashes and spelling stay as they are. Do not translate, "
    "correct, summarise, explain or leave anything out. Answer with the transcription alone."
)
CONFIDENCE = 0.4
"""Of all that an endpoint reads: below what any row may have without a person's look."""
MOST_ANSWER_BYTES = 4_000_000
MOST_PNG_BYTES = 5_000_000
"""A larger picture is sent as a JPEG."""
JPEG_QUALITY = 92
MOST_TOKENS = 16_384
BUSY = (429, 500, 502, 503, 504)
"""What may be over in a moment."""
BLOCK_BYTES = 65_536


class VisionFailed(ReportError):
    """The vision endpoint is not to be used, or gave no reading of a page."""


class _NoRedirect(HTTPRedirectHandler):
    """Pages go to the address that was given and nowhere else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class VisionReader:
    """An endpoint by the address and the model that its user named."""

    base_url: str
    """What `/chat/completions` is added to, such as `http://localhost:8000/v1`."""
    model: str
    key_variable: str = ""
    """The environment variable that holds the key; empty where none is needed."""
    timeout_seconds: float = 180.0
    """For one answer as a whole."""
    max_pixels: int = 6_000_000
    """A larger page is made smaller."""
    waits_seconds: tuple[float, ...] = (2.0, 6.0)
    """Before each further attempt while the endpoint is busy."""

    def __post_init__(self) -> None:
        check_address(self.base_url)

    @property
    def url(self) -> str:
        return self.base_url.rstrip("/") + "/chat/completions"

    def read_page(self, image: Grey) -> str:
        """What the endpoint reads on one page, as the text of a dump. Raises VisionFailed."""
        key = self._key()
        request = Request(
            self.url,
            json.dumps(question(self.model, picture_url(image, self.max_pixels))).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        if key:
            request.add_unredirected_header("Authorization", f"Bearer {key}")
        for wait in (*self.waits_seconds, None):
            try:
                return transcription(self._answer(request), self.url)
            except HTTPError as error:
                with error:
                    if error.code not in BUSY or wait is None:
                        raise VisionFailed(refusal(error, self, key)) from error
                time.sleep(wait)
            except (OSError, HTTPException) as error:
                reason = getattr(error, "reason", None) or error
                if isinstance(reason, TimeoutError):
                    reason = f"no whole answer within {self.timeout_seconds:g} seconds"
                raise VisionFailed(
                    f"{self.url}: the vision endpoint gives no answer ({reason}); check that it "
                    "runs and can be reached, or leave it out"
                ) from error
        raise AssertionError("the last attempt returns or raises")

    def _key(self) -> str:
        """The key, which goes into no message."""
        key = os.environ.get(self.key_variable, "").strip() if self.key_variable else ""
        if self.key_variable and not (key.isascii() and key.isprintable() and key):
            raise VisionFailed(
                f"the environment variable {self.key_variable} holds no key for {self.base_url}; "
                "set it, or name the one that does"
            )
        return key

    def _answer(self, request: Request) -> bytes:
        """The body of the answer, within the limits of time and size."""
        end = time.monotonic() + self.timeout_seconds
        answer = bytearray()
        with build_opener(_NoRedirect).open(request, timeout=self.timeout_seconds) as response:
            while block := response.read1(BLOCK_BYTES):
                answer += block
                if len(answer) > MOST_ANSWER_BYTES:
                    raise VisionFailed(
                        f"{self.url}: the answer is larger than {MOST_ANSWER_BYTES} bytes, which "
                        "is no page; check the model"
                    )
                if time.monotonic() > end:
                    raise TimeoutError
        return bytes(answer)


def check_address(base_url: str) -> None:
    """Raise VisionFailed unless pages can be sent there, and without a key in plain sight."""
    try:
        address = urlsplit(base_url)
        usable = address.scheme in ("http", "https") and bool(address.hostname)
        usable = usable and address.port != 0 and not (address.query or address.fragment)
        keyed = "@" in address.netloc
    except ValueError:
        usable, keyed = False, False
    if keyed:
        raise VisionFailed(
            "the address of the vision endpoint holds a user or a key; put the key into an "
            "environment variable and name that"
        )
    if not usable:
        raise VisionFailed(
            f"{base_url}: no address of a vision endpoint; give its base URL, such as "
            "http://localhost:8000/v1"
        )


def refusal(error: HTTPError, reader: VisionReader, key: str) -> str:
    """What the endpoint's refusal means and what to do; never with the key that it may repeat."""
    try:
        body = error.read(2000).decode("utf-8", "replace")
    except (OSError, HTTPException):
        body = ""
    said = " ".join((body.replace(key, "***") if key else body).split())[:200]
    where = f"{reader.url}: the vision endpoint"
    if 300 <= error.code < 400:
        target = error.headers.get("Location", "nowhere")
        return f"{where} leads to {target}, which is not followed; give the base URL that is meant"
    if error.code in (401, 403):
        key_is = f"check the key in {reader.key_variable}" if key else "name the variable of a key"
        return f"{where} refuses access ({error.code}: {said}); {key_is}"
    if error.code == 404:
        return (
            f"{where} is not there or has no model {reader.model} (404: {said}); check base URL "
            "and model"
        )
    if error.code in BUSY:
        return f"{where} stays busy or broken ({error.code}: {said}); try again later"
    return f"{where} refuses the page ({error.code}: {said}); check the model and its limits"


def picture_url(image: Grey, max_pixels: int) -> str:
    """A page as a data: URL."""
    height, width = image.shape[:2]
    if height * width > max_pixels:
        scale = (max_pixels / (height * width)) ** 0.5
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    kind, encoded = "png", cv2.imencode(".png", image)[1]
    if len(encoded) > MOST_PNG_BYTES:
        kind = "jpeg"
        encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1]
    return f"data:image/{kind};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def question(model: str, picture: str) -> dict[str, object]:
    """The body of a request, of one page."""
    content = [
        {"type": "text", "text": PROMPT},
        {"type": "image_url", "image_url": {"url": picture}},
    ]
    return {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        "max_tokens": MOST_TOKENS,
    }


def transcription(answer: bytes, url: str) -> str:
    """The text in an answer. Raises VisionFailed where there is none, or not all of it."""
    try:
        choice = json.loads(answer)["choices"][0]
        content = choice["message"]["content"]
        if isinstance(content, list):
            content = "".join(part.get("text") or "" for part in content)
        cut_off = choice.get("finish_reason") == "length"
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise VisionFailed(
            f"{url}: the answer is none of a chat completion; check that the base URL is one of "
            "OpenAI's protocol"
        ) from error
    if not isinstance(content, str) or not content.strip():
        raise VisionFailed(f"{url}: the model answered without text; check that it takes pictures")
    if cut_off:
        raise VisionFailed(
            f"{url}: the page has more than the {MOST_TOKENS} tokens of one answer, or the model "
            "went round in circles; give the page in parts or use another model"
        )
    return unwrapped(content)


def unwrapped(content: str) -> str:
    """The transcription without the JSON in which Typhoon OCR's first versions put it.

    >>> unwrapped('{"natural_text": "ข้อ ๑"}'), unwrapped("ข้อ ๑")
    ('ข้อ ๑', 'ข้อ ๑')
    """
    if content.lstrip().startswith("{"):
        try:
            inner = json.loads(content)
        except (ValueError, RecursionError):
            return content
        if isinstance(inner, dict) and isinstance(inner.get("natural_text"), str):
            return str(inner["natural_text"])
    return content


def to_page(answer: str, source: Source) -> Page:
    """The tables and lines of what was answered for one page; where they stand is not known."""
    marked = f"<!-- page {source.page} -->\n" + answer.replace("\f", "\n")
    tables: list[Table] = []
    lines: list[Line] = []
    row = 0
    for part in read_dump(source.document, marked):
        lines += part.lines
        for table in part.tables:
            cells = tuple(_doubted(cell, source, row - table.first_row) for cell in table.cells)
            tables.append(replace(table, cells=cells, first_row=row))
            row += table.row_count
    if not tables and not lines:
        note = "the vision endpoint found nothing on it"
        return Page(source, origin="ocr", layer="none", layer_note=note)
    return Page(source, tuple(tables), tuple(lines), origin="ocr")


def _doubted(cell: Cell, source: Source, further: int) -> Cell:
    has_figures = any(letter.isdigit() for letter in cell.raw)
    return replace(
        cell,
        source=replace(source, box=None),
        row=cell.row + further,
        origin="ocr",
        confidence=CONFIDENCE,
        figures=CONFIDENCE if has_figures else None,
    )
