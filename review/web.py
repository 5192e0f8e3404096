"""The review's pages over HTTP: Starlette, server-rendered, for one person at this machine."""

import hmac
import re
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from io import BytesIO
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

import numpy as np
from jinja2 import Environment, PackageLoader
from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Match, Route

from audit.model import Finding, Place, page_list
from export.crops import quarters_of
from extract.errors import ReportError
from extract.model import Box
from normalize.decisions import ROW_FIELDS, Decision, in_force
from normalize.report import Report, written
from review.desk import (
    Desk,
    Refused,
    Subject,
    alike,
    cells_of_record,
    checked,
    choices_of,
    made_of,
    new_id,
    record_at,
    same_reading,
    subject_of,
)
from review.queue import Filter, Item, after
from review.words import KEYS, check_name, field_name, reason, where_name, word

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE_ITEMS = 100
MOST_BYTES = 200_000
"""A form is never as long: the longest value has 20,000 letters."""
WHOLE_DPI, CROP_DPI, CROP_MARGIN = 110.0, 170.0, 24.0
MOST_SHOTS = 6
KEPT_PICTURES = 24
TEXT_FIELDS = (
    *("question", "analysis", "measures", "result", "steps", "timeframe", "responsible"),
    *("indicator", "score"),
)
STATIC = {
    "style.css": "text/css; charset=utf-8",
    "browse.css": "text/css; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
}
HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
UNKNOWN_HOST = (
    "unknown host: open the address that the program shows at the terminal\n"
    "ไม่รู้จักชื่อเครื่องในที่อยู่นี้: เปิดที่อยู่ที่โปรแกรมแสดงไว้ในหน้าต่างคำสั่ง"
)
SESSION, LANGUAGE, WHO = "raingan_session", "raingan_language", "raingan_who"


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may ask: the hosts that are answered, and the token that another machine needs."""

    hosts: frozenset[str]
    """As the Host header writes them, `127.0.0.1:8000`."""
    token: str = ""
    """Empty where only this machine can ask."""
    csrf: str = field(default_factory=partial(secrets.token_urlsafe, 24))
    """Stands in every form; another site cannot know it."""
    methods: frozenset[str] = frozenset({"GET", "HEAD", "POST"})

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Why a request is not answered, None where it is."""
        if request.headers.get("host", "") not in self.hosts:
            return 400, UNKNOWN_HOST
        if request.method not in self.methods:
            return 405, "no such method"
        if request.method == "POST":
            origin = request.headers.get("origin")
            own = {f"http://{host}" for host in self.hosts}
            if origin is not None and origin not in own:
                return 403, "foreign origin"
            if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return 403, "foreign site"
        if self.token and request.url.path != "/enter":
            given = request.cookies.get(SESSION, "")
            if not hmac.compare_digest(given.encode(), self.token.encode()):
                return 403, "the address with its token is needed"
        return None

    def enter(self, request: Request) -> Response:
        """The address with the token, opened once: the cookie carries it on."""
        given_token = request.query_params.get("token", "")
        if not self.token or not hmac.compare_digest(given_token.encode(), self.token.encode()):
            return Response("wrong token\n", 403, media_type="text/plain")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(SESSION, self.token, samesite="strict", httponly=True)
        return answer


class Guarded:
    """Asks the guard before the pages, and puts the security headers on every answer."""

    def __init__(self, app: Application, guard: Guard):
        self.app, self.guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                kept = [(k, v) for k, v in message["headers"] if k.decode() not in HEADERS]
                message["headers"] = [
                    *kept,
                    *((k.encode(), v.encode()) for k, v in HEADERS.items()),
                ]
            await send(message)

        refused = self.guard.refusal(Request(scope, receive))
        if refused is not None:
            status, why = refused
            more = {"allow": ", ".join(sorted(self.guard.methods))} if status == 405 else {}
            await Response(why + "\n", status, more, media_type="text/plain")(
                scope, receive, with_headers
            )
            return
        await self.app(scope, receive, with_headers)


class Shot(NamedTuple):
    """A picture of one place: the crop, and the page that it is of."""

    page: int
    crop: str
    whole: str


def seen(text: object) -> str:
    """A text with what a browser hides made visible: control and direction characters.

    >>> seen("a\\x00b\\u202ec")
    'a␀b‹202E›c'
    """
    out = []
    for char in str(text):
        if ord(char) < 32 and char not in "\n\t":
            out.append(chr(0x2400 + ord(char)))
        elif unicodedata.bidirectional(char) in BIDI or UNSEEN.match(char):
            out.append(f"‹{ord(char):04X}›")
        else:
            out.append(char)
    return "".join(out)


UNSEEN = re.compile("[\x7f-\x9f\u200e\u200f\ufeff\ud800-\udfff]")
BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def brief(text: str) -> str:
    return text if len(text) <= 160 else text[:160] + "…"


@dataclass(slots=True)
class Site:
    """The pages of one desk."""

    desk: Desk
    guard: Guard
    language: str = ""
    """Of the interface; empty for that of the browser."""
    who: str = ""
    templates: Environment = field(init=False)
    pictures: OrderedDict[tuple[object, ...], bytes] = field(default_factory=OrderedDict)
    pictures_lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.templates = Environment(loader=PackageLoader("review"), autoescape=True)
        self.templates.filters.update(seen=seen, brief=brief)
        for name in self.templates.list_templates():
            self.templates.get_template(name)  # the first page is not to wait for it
        self.desk.queue()

    # -------------------------------------------------------------- answers

    def page(self, request: Request, name: str, status: int = 200, **more: Any) -> Response:
        language = language_of(request, self.language)
        desk = self.desk
        said = request.query_params.get("said", "")
        values = {
            "language": language,
            "w": partial(word, language=language),
            "message": partial(message_of, language=language),
            "named": partial(check_name, language=language),
            "field_named": partial(field_name, language=language),
            "where_named": partial(where_name, language=language),
            "reason": partial(reason, language=language),
            "pages": pages_of,
            "rows_of": lambda text: min(14, max(2, text.count("\n") + len(text) // 60 + 1)),
            "csrf": self.guard.csrf,
            "read_only": desk.read_only,
            "left": len(desk.items),
            "done": len(in_force(desk.decisions)),
            "writing": len(desk.waiting),
            "failed": desk.failed,
            "said": word(said, language) if said in ("saved", "undone", "gone") else "",
            "query": query_of(request),
        }
        html = self.templates.get_template(name).render(values | more)
        return HTMLResponse(html, status)

    def problem(self, request: Request, status: int, heading: str, text: str) -> Response:
        language = language_of(request, self.language)
        return self.page(
            request, "message.html", status, heading=word(heading, language), text=text
        )

    def decided_already(self, request: Request, status: int) -> Response:
        """An item that waits no more: what was decided on it, and how to take that back."""
        decision = self.desk.decision_on(request.path_params["item"])
        heading = word("gone", language_of(request, self.language))
        return self.page(request, "message.html", status, heading=heading, decision=decision)

    def cannot(self, request: Request, error: Exception) -> Response:
        return self.problem(request, 500, "cannot", str(error))

    def item(self, request: Request) -> Item | None:
        return self.desk.items.get(request.path_params["item"])

    # -------------------------------------------------------------- the queue

    def show_queue(self, request: Request) -> Response:
        desk = self.desk
        desk.read_decisions()
        chosen = filter_of(request)
        queue = desk.queue()
        checks = sorted({item.check for item in queue})
        found = [item for item in queue if chosen.takes(item)]
        start = number_of(request.query_params.get("from", "0"))

        def link(there: int) -> str:
            return "/?" + urlencode(given(chosen) | {"from": there})

        return self.page(
            request,
            "queue.html",
            shown=found[start : start + PAGE_ITEMS],
            documents=desk.documents,
            checks=checks,
            chosen=vars_of(chosen),
            before=link(max(0, start - PAGE_ITEMS)) if start else None,
            further=link(start + PAGE_ITEMS) if start + PAGE_ITEMS < len(found) else None,
        )

    # -------------------------------------------------------------- one item

    def show_item(self, request: Request) -> Response:
        self.desk.read_decisions()
        item = self.item(request)
        if item is None:
            return self.decided_already(request, 404)
        on = request.query_params.get("on", "")
        return self.item_page(request, item, on)

    def item_page(
        self,
        request: Request,
        item: Item,
        on: str,
        refused: str = "",
        draft: str | None = None,
        status: int = 200,
    ) -> Response:
        desk = self.desk
        try:
            report = desk.report(item.document)
            subject = desk.current(item.document, subject_of(report, item, on))
            alike_count = len(alike(desk, report, item, subject, on))
        except Refused as error:
            return self.problem(request, 404, "refused", str(error))
        chosen = filter_of(request)
        queue = [i for i in desk.queue() if chosen.takes(i)]
        nearest = after(queue, item.id)
        former = after(queue, item.id, -1)
        for step in (1, 2):
            if (coming := after(queue, item.id, step)) is not None:
                desk.read_ahead(coming.document)
        place = item.place
        if subject.target == "cell":
            place = Place(subject.page or 0, subject.row or 0, subject.column or 0)
        places = places_of(item, place)
        pictures, missing = self.shots(report, item, places)
        language = language_of(request, self.language)
        more: dict[str, Any] = {}
        if refused:
            more["said"] = f"{word('refused', language)}: {refused}"
        return self.page(
            request,
            "item.html",
            status,
            item=item,
            place=place,
            on=on,
            subject=subject,
            seen_value=subject.value,
            editable=subject.target != "finding" and (subject.target != "row" or subject.field),
            choices=choices_of(report, item, subject),
            alike_count=alike_count,
            trace=trace_of(report, subject),
            row=row_of(report, item),
            pictures=pictures,
            missing=missing,
            lines=[] if pictures else list(dump_lines(report, places)),
            next=nearest.id if nearest and nearest.id != item.id else None,
            previous=former.id if former and former.id != item.id else None,
            who=self.person(request),
            own_done=len(in_force(desk.decisions_on(item.document))),
            own_left=len(desk.by_document[item.document]),
            draft=draft,
            **more,
        )

    def shots(
        self, report: Report, item: Item, places: tuple[Place, ...]
    ) -> tuple[list[Shot], str]:
        """Where pictures of the places are had; and why not, where the input has gone."""
        boxed = {(c.page, c.row, c.column) for c in report.cells if c.box is not None}
        shown = [place for place in places if tuple(place) in boxed][:MOST_SHOTS]
        pages = dict.fromkeys(place.page for place in shown)
        if not shown and item.finding is not None:
            pages = dict.fromkeys(item.finding.pages[:MOST_SHOTS])
        if not pages or any(p.origin == "dump" for p in report.pages):
            return [], ""
        missing = self.desk.no_picture(item.document, next(iter(pages)))
        if missing:
            return [], missing
        if not shown:
            return [
                Shot(page, f"/picture/{item.id}/{page}", f"/page/{item.id}/{page}")
                for page in pages
            ], ""
        return [
            Shot(
                place.page,
                f"/crop/{item.id}/{place.page}-{place.row}-{place.column}",
                f"/page/{item.id}/{place.page}",
            )
            for place in shown
        ], ""

    async def decide(self, request: Request) -> Response:
        form = await form_of(request)
        return await run_in_threadpool(self.decided, request, form)

    def decided(self, request: Request, form: dict[str, str]) -> Response:
        desk = self.desk
        if not self.is_ours(form):
            return self.problem(request, 403, "refused", "the form is out of date; load it again")
        if desk.read_only:
            return self.problem(request, 403, "read_only", "")
        desk.read_decisions()
        chosen = filter_of(request)
        queue = [i for i in desk.queue() if chosen.takes(i)]
        item = self.item(request)
        if item is None:
            return self.decided_already(request, 409)
        nearest = after(queue, item.id)
        action = "choose" if "choose" in form else form.get("action", "")
        on = form.get("on", "")
        if action == "skip":
            return self.go(request, nearest, "")
        report = desk.report(item.document)
        draft = None
        try:
            subject = desk.current(item.document, subject_of(report, item, on))
            if on and subject.name == subject_of(report, item).name:
                form, on = form | {"on": ""}, ""
            if subject.value != form.get("seen", subject.value):
                heading = word("changed", language_of(request, self.language))
                return self.page(
                    request, "message.html", 409, heading=heading, text=subject.value, again=item
                )
            value = None
            if action == "accept" and form.get("value", subject.value).strip() != (
                subject.value.strip()
            ):
                draft = form["value"]
                raise Refused(word("unsaved", language_of(request, self.language)))
            if action in ("edit", "choose"):
                draft = form["value" if action == "edit" else "choose"]
                value = checked(report, subject, draft)
            elif action != "accept":
                raise Refused("no such action")
            made, gone = self.made(report, item, subject, value, form)
        except (Refused, KeyError) as error:
            return self.item_page(request, item, on, str(error), draft, status=422)
        desk.decide(made, gone)
        answer = self.go(request, item if on else nearest, "saved")
        answer.set_cookie(WHO, quote(form.get("who", "")[:100]), samesite="strict", httponly=True)
        return answer

    def person(self, request: Request) -> str:
        """Who decides: as the last form said, else as the command line did."""
        return unquote(request.cookies.get(WHO, ""))[:100] or self.who

    def made(
        self, report: Report, item: Item, subject: Subject, value: str | None, form: dict[str, str]
    ) -> tuple[list[Decision], list[str]]:
        """The decisions of one form, and the items that they settle."""
        desk = self.desk
        who = form.get("who", "")[:100] or self.who
        why = form.get("why", "")[:500]
        on = form.get("on", "")
        cases: list[tuple[Item | None, Subject]] = [(None if on else item, subject)]
        if form.get("alike"):
            cases += alike(desk, report, item, subject, on)
        if value is not None:  # what reads otherwise is left as it is, and a year is decided once
            cases = [case for case in cases if same_reading(case[1], subject)]
            cases = list({theirs: (other, theirs) for other, theirs in reversed(cases)}.values())
        form_id = new_id()
        made = [
            made_of(
                desk, other or item, theirs, value, who, why,
                f"{form_id}-{at}" if at else form_id, on,
            )
            for at, (other, theirs) in enumerate(cases)
        ]  # fmt: skip
        return made, [other.id for other, _ in cases if other is not None]

    def go(self, request: Request, item: Item | None, said: str) -> Response:
        """Lead on to the next item, or to the queue."""
        query = given(filter_of(request)) | ({"said": said} if said else {})
        there = f"/item/{item.id}" if item is not None and item.id in self.desk.items else "/"
        return RedirectResponse(there + ("?" + urlencode(query) if query else ""), 303)

    def is_ours(self, form: dict[str, str]) -> bool:
        return hmac.compare_digest(form.get("csrf", "").encode(), self.guard.csrf.encode())

    # -------------------------------------------------------------- undo, history

    async def take_back(self, request: Request) -> Response:
        form = await form_of(request)
        return await run_in_threadpool(self.taken_back, request, form)

    def taken_back(self, request: Request, form: dict[str, str]) -> Response:
        desk = self.desk
        if not self.is_ours(form):
            return self.problem(request, 403, "refused", "the form is out of date; load it again")
        if desk.read_only:
            return self.problem(request, 403, "read_only", "")
        held = in_force(desk.decisions)
        chosen = form.get("id") or (held[-1].id if held else "")
        try:
            desk.undo(chosen, self.person(request), alike=not form.get("id"))
        except Refused as error:
            return self.problem(request, 409, "refused", str(error))
        back = form.get("back", "")
        there = f"/item/{back}" if back in desk.items else "/history"
        return RedirectResponse(f"{there}?said=undone", 303)

    def show_history(self, request: Request) -> Response:
        self.desk.read_decisions()
        lines = in_force(self.desk.decisions)[::-1][:500]
        return self.page(request, "history.html", lines=lines)

    # -------------------------------------------------------------- pictures

    def show_page(self, request: Request) -> Response:
        item = self.item(request)
        if item is None:
            return self.problem(request, 404, "gone", "")
        number = number_of(request.path_params["page"])
        return self.page(request, "page.html", item=item, number=number)

    def picture(self, request: Request) -> Response:
        """A whole page with the item's places marked."""
        item = self.item(request)
        number = number_of(request.path_params["page"])
        if item is None:
            raise HTTPException(404)
        report = self.desk.report(item.document)
        if number not in {page.number for page in report.pages}:
            raise HTTPException(404)
        boxes = boxes_on(report, number, places_of(item, item.place))
        return self.image(report, number, WHOLE_DPI, boxes, None)

    def crop(self, request: Request) -> Response:
        """One cell and what stands around it."""
        item = self.item(request)
        if item is None:
            raise HTTPException(404)
        numbers = request.path_params["cell"].split("-")
        if len(numbers) != 3 or not all(n.isascii() and n.isdigit() for n in numbers):
            raise HTTPException(404)
        place = Place(*map(number_of, numbers))
        report = self.desk.report(item.document)
        boxes = boxes_on(report, place.page, (place,))
        if not boxes:
            raise HTTPException(404)
        return self.image(report, place.page, CROP_DPI, boxes, boxes[0])

    def image(
        self, report: Report, number: int, dpi: float, boxes: tuple[Box, ...], around: Box | None
    ) -> Response:
        page = next(page for page in report.pages if page.number == number)
        key = (report.document, number, dpi, boxes, around)
        with self.pictures_lock:
            content = self.pictures.get(key)
        if content is None:
            try:
                drawn = self.desk.picture(report.document, number, dpi, page.origin == "text")
            except ReportError as error:
                return Response(str(error), 404, media_type="text/plain")
            if drawn is None:
                raise HTTPException(404)
            content = png_of(drawn.grey, drawn.dpi, boxes, around, quarters_of(page.frame))
            with self.pictures_lock:
                self.pictures[key] = content
                while len(self.pictures) > KEPT_PICTURES:
                    self.pictures.popitem(last=False)
        return Response(content, media_type="image/png")

    # -------------------------------------------------------------- the rest

    def show_help(self, request: Request) -> Response:
        return self.page(request, "help.html", keys=KEYS)

    def status(self, request: Request) -> Response:
        desk = self.desk
        with desk.lock:
            return JSONResponse(
                {
                    "left": len(desk.items),
                    "writing": sorted(desk.waiting),
                    "failed": desk.failed,
                }
            )

    def missing(self, request: Request, error: Exception) -> Response:
        return self.problem(request, 404, "gone", "")

    def application(self) -> Guarded:
        routes = [
            Route("/", self.show_queue),
            Route("/item/{item}", self.show_item),
            Route("/item/{item}", self.decide, methods=["POST"]),
            Route("/undo", self.take_back, methods=["POST"]),
            Route("/history", self.show_history),
            Route("/page/{item}/{page}", self.show_page),
            Route("/picture/{item}/{page}", self.picture),
            Route("/crop/{item}/{cell}", self.crop),
            Route("/help", self.show_help),
            Route("/status", self.status),
            Route("/language", choose_language),
            Route("/enter", self.guard.enter),
            Route("/static/{name}", static),
            Route("/favicon.ico", lambda request: Response(status_code=204)),
        ]
        app = Starlette(
            routes=routes, exception_handlers={404: self.missing, ReportError: self.cannot}
        )
        return Guarded(app, self.guard)


# ---------------------------------------------------------------------- what every site has


def language_of(request: Request, given: str) -> str:
    """`th` or `en`: as the person chose, else as given, else as the browser asks."""
    asked = request.cookies.get(LANGUAGE) or given
    if asked not in ("th", "en"):
        asked = "th" if request.headers.get("accept-language", "").startswith("th") else "en"
    return asked


def choose_language(request: Request) -> Response:
    """Keep the language asked for, and lead back to the page that the link was on."""
    asked = request.query_params.get("to", "")
    answer = RedirectResponse(page_before(request), 303)
    if asked in ("th", "en"):
        answer.set_cookie(LANGUAGE, asked, samesite="strict", httponly=True)
    return answer


def page_before(request: Request) -> str:
    """The page of this site that a link was followed on, `/` where it was on none.

    What the browser itself says: a link cannot lead elsewhere. A form's address may be no page.
    """
    before, origin = request.headers.get("referer", ""), f"http://{request.headers.get('host')}"
    if not re.match(r"/(?![/\\])", there := before.removeprefix(origin)):
        return "/"
    path = there.partition("?")[0]
    asked = {"type": "http", "method": "GET", "path": unquote(path), "root_path": ""}
    found = any(route.matches({**asked})[0] is Match.FULL for route in request.app.routes)
    return there if found and path not in ("/language", "/enter") else "/"


def static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    content = (files("review") / "static" / name).read_bytes()
    return Response(content, media_type=STATIC[name])


# ---------------------------------------------------------------------- what pages show


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form. Raises HTTPException for one that is too large or no form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=30)
    except (UnicodeDecodeError, ValueError) as error:
        raise HTTPException(400) from error
    return {name: value.replace("\r\n", "\n") for name, value in fields}


def message_of(finding: Finding, language: str) -> str:
    return finding.message_th or finding.message if language == "th" else finding.message


def pages_of(item: Item) -> str:
    if item.finding is not None:
        return page_list(item.finding.pages)
    return str(item.place.page) if item.place else ""


def filter_of(request: Request) -> Filter:
    query = request.query_params
    return Filter(query.get("document", ""), query.get("check", ""), query.get("severity", ""))


def vars_of(chosen: Filter) -> dict[str, str]:
    return {"document": chosen.document, "check": chosen.check, "severity": chosen.severity}


def given(chosen: Filter) -> dict[str, Any]:
    return {name: value for name, value in vars_of(chosen).items() if value}


def query_of(request: Request) -> str:
    query = given(filter_of(request))
    return "?" + urlencode(query) if query else ""


def number_of(text: str) -> int:
    """A whole number of a request; 0 for what is none or absurdly large.

    >>> number_of("12"), number_of("-3"), number_of("../etc")
    (12, 0, 0)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def places_of(item: Item, first: Place | None) -> tuple[Place, ...]:
    """The cells that an item is about, the one decided on before the others."""
    more = item.finding.places if item.finding else ()
    return tuple(dict.fromkeys((*((first,) if first else ()), *more)))


def boxes_on(report: Report, page: int, places: tuple[Place, ...]) -> tuple[Box, ...]:
    found = {Place(c.page, c.row, c.column): c.box for c in report.cells if c.page == page}
    boxes = [found.get(place) for place in places]
    return tuple(box for box in boxes if box is not None)


def trace_of(report: Report, subject: Subject) -> list[Any]:
    """The changes that led to the value of a subject."""
    if subject.target == "cell":
        place = (subject.page, subject.row, subject.column)
        return [c for c in report.corrections if (c.page, c.row, c.column) == place]
    if subject.target == "finding" or not subject.field:
        return []
    return [
        c
        for c in report.corrections
        if c.field == subject.field
        and c.column is None
        and (subject.target == "document" or (c.page, c.row) == (subject.page, subject.row))
    ]


class Shown(NamedTuple):
    field: str
    on: str
    value: str


class ShownRow(NamedTuple):
    code: str | None
    cells: list[Shown]


def row_of(report: Report, item: Item) -> ShownRow | None:
    """The whole row of an item: its cells, and the values that were made of them."""
    record = record_at(report, item)
    if record is None:
        return None
    values = {Place(c.page, c.row, c.column): c for c in report.cells}
    cells = []
    for place in dict.fromkeys(cells_of_record(record)):
        cell = values.get(place)
        if cell is not None and cell.field in TEXT_FIELDS:
            on = f"cell-{place.page}-{place.row}-{place.column}"
            cells.append(Shown(cell.field, on, cell.value))
    cells.sort(key=lambda shown: TEXT_FIELDS.index(shown.field))
    cells += [Shown(name, f"row-{name}", written(getattr(record.row, name))) for name in ROW_FIELDS]
    return ShownRow(record.row.code, cells)


class DumpCell(NamedTuple):
    raw: str
    marked: bool


def dump_lines(
    report: Report, places: tuple[Place, ...]
) -> Iterator[tuple[int, list[list[DumpCell]]]]:
    """The cells of the pages that an item is about, as the dump has them."""
    marked = {tuple(place) for place in places}
    for page in list(dict.fromkeys(place.page for place in places))[:3]:
        rows: dict[int, list[DumpCell]] = {}
        for cell in report.cells:
            if cell.page == page:
                here = (cell.page, cell.row, cell.column) in marked
                rows.setdefault(cell.row, []).append(DumpCell(cell.raw, here))
        yield page, list(rows.values())


def png_of(
    pixels: Any, dpi: float, boxes: tuple[Box, ...], around: Box | None, quarters: int = 0
) -> bytes:
    """A page, or a part of it, with boxes drawn; boxes in points, pixels as in `Picture`.

    A page that lies turned is shown upright, turned by so many quarters.
    """
    image = Image.fromarray(pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1]))
    image = image.convert("RGB")
    scale = dpi / 72
    left = top = 0.0
    if around is not None:
        left, top = max(0.0, around.x0 - CROP_MARGIN), max(0.0, around.top - CROP_MARGIN)
        right, bottom = around.x1 + CROP_MARGIN, around.bottom + CROP_MARGIN
        image = image.crop(
            (
                int(left * scale),
                int(top * scale),
                max(int(left * scale) + 1, min(image.width, int(right * scale))),
                max(int(top * scale) + 1, min(image.height, int(bottom * scale))),
            )
        )
    draw = ImageDraw.Draw(image)
    for box in boxes:
        corners = [
            (box.x0 - left) * scale,
            (box.top - top) * scale,
            (box.x1 - left) * scale,
            (box.bottom - top) * scale,
        ]
        if corners[0] <= corners[2] and corners[1] <= corners[3]:
            draw.rectangle(corners, outline=(200, 30, 20), width=max(2, round(scale)))
    image = image.rotate(90 * quarters, expand=True)
    content = BytesIO()
    image.save(content, "PNG", compress_level=3)
    return content.getvalue()
