"""The official places of Thailand, and the words and letters their names are read with."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import geothai

CREDIT = "GeoThai (CC-BY-4.0)"
"""To be shown wherever the codes and canonical names of places are shown."""

BANGKOK = "10"

_SPLIT_AM = re.compile("\u0e4d([่-๋]?)า")
_MARK_ORDER = re.compile("([่-๋])([ัิ-ู])")
_PLAIN = re.compile(r"(?:[ก-ะา-ูแ-ๆ]|[ัิ-ู็์]|เ(?!เ)|[่-๋](?![ัิ-ู]))*+")
_UNSEEN = re.compile(r"[\s\u200b-\u200d\u2060\ufeff\u00ad]+")


def spelled(text: str) -> str:
    """Spell a Thai text in the one way a name can be looked up by; spaces stay.

    >>> spelled("จังหวัดลําพูน")
    'จังหวัดลำพูน'
    >>> spelled("จังหวัดลำพูน")
    'จังหวัดลำพูน'
    """
    text = unicodedata.normalize("NFC", text).replace("เเ", "แ")
    return _MARK_ORDER.sub(r"\2\1", _SPLIT_AM.sub(r"\1ำ", text))


def name_key(text: str) -> str:
    """Spell a name without the spaces that a line's end may have put into it.

    >>> name_key("ศรี เตี้ย")
    'ศรีเตี้ย'
    >>> name_key("สุไหงโก-ลก")
    'สุไหงโก-ลก'
    """
    return text if _PLAIN.fullmatch(text) else _UNSEEN.sub("", spelled(text))


class Province(NamedTuple):
    code: str
    """Two digits."""
    name: str


class District(NamedTuple):
    code: str
    """Four digits, the first two its province's."""
    name: str
    """Without อำเภอ or เขต."""


class Subdistrict(NamedTuple):
    name: str
    district_code: str


class Place(NamedTuple):
    """What an agency can be named after: a subdistrict, a district, a province."""

    name: str
    district_code: str
    """Empty for a province."""
    province_code: str


@dataclass(frozen=True)
class Gazetteer:
    """The official places; what is looked up often is computed once, when first asked for."""

    provinces: tuple[Province, ...]
    districts: tuple[District, ...]
    subdistricts: tuple[Subdistrict, ...]

    @cached_property
    def province_by_code(self) -> Mapping[str, Province]:
        return {province.code: province for province in self.provinces}

    @cached_property
    def province_by_name(self) -> Mapping[str, Province]:
        return {province.name: province for province in self.provinces}

    @cached_property
    def district_by_code(self) -> Mapping[str, District]:
        return {district.code: district for district in self.districts}

    @cached_property
    def districts_of(self) -> Mapping[str, tuple[District, ...]]:
        """By the code of their province."""
        return {
            province.code: tuple(d for d in self.districts if d.code[:2] == province.code)
            for province in self.provinces
        }

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every (name, district) that a municipality can be named after, each once."""
        found: dict[Place, None] = {}
        for subdistrict in self.subdistricts:
            code = subdistrict.district_code
            found[Place(subdistrict.name, code, code[:2])] = None
        for district in self.districts:
            if district.code[:2] == BANGKOK:
                continue
            found[Place(district.name, district.code, district.code[:2])] = None
            province = self.province_by_code[district.code[:2]].name
            if district.name == "เมือง" + province:
                found[Place(province, district.code, district.code[:2])] = None
        return tuple(found)

    @cached_property
    def places_by_name(self) -> Mapping[str, tuple[Place, ...]]:
        grouped: dict[str, list[Place]] = {}
        for place in self.places:
            grouped.setdefault(place.name, []).append(place)
        return {name: tuple(places) for name, places in grouped.items()}

    @cached_property
    def places_of(self) -> Mapping[str, tuple[Place, ...]]:
        """By the code of their province."""
        grouped: dict[str, list[Place]] = {}
        for place in self.places:
            grouped.setdefault(place.province_code, []).append(place)
        return {code: tuple(places) for code, places in grouped.items()}

    @cached_property
    def district_names(self) -> frozenset[str]:
        return frozenset(district.name for district in self.districts)


@cache
def gazetteer() -> Gazetteer:
    """Read the official places from the package geothai, once.

    >>> official = gazetteer()
    >>> official.district_by_code["5103"].name, official.province_by_code["51"].name
    ('บ้านโฮ่ง', 'ลำพูน')
    """
    provinces = tuple(Province(p.code, name_key(p.name_th)) for p in geothai.provinces())
    districts = tuple(
        District(d.code, name_key(d.name_th).removeprefix("เขต" if p.code == BANGKOK else ""))
        for p in provinces
        for d in geothai.districts(p.code)
    )
    subdistricts = tuple(
        Subdistrict(name, d.code)
        for d in districts
        for s in geothai.subdistricts(d.code)
        for name in name_key(s.name_th).rstrip(")").split("(")
    )
    return Gazetteer(provinces, districts, subdistricts)


@dataclass(frozen=True)
class LookAlikes:
    """What it costs to read one letter as another."""

    other: float
    lost: float
    swapped: Mapping[str, float]
    """By the two letters, in either order."""
    mark_lost: Mapping[str, float]
    tones: frozenset[str]
    """Marks whose loss says nothing about the name."""
    folded: Mapping[int, str | None]
    """For `str.translate`: alike letters as one letter, marks dropped."""


def _keys(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise ValueError(f"{where}: unknown key {', '.join(unknown)}; known: {sorted(known)}")


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("profiles").joinpath(name).read_text(encoding="utf-8"))


@cache
def look_alikes() -> LookAlikes:
    """Read `look-alikes.toml`.

    >>> alike = look_alikes()
    >>> alike.swapped["ชซ"] < alike.other, "กน" in alike.swapped
    (True, False)
    """
    table = _toml("look-alikes.toml")
    _keys(table, {"other", "lost", "group", "mark"}, "look-alikes.toml")
    swapped: dict[str, float] = {}
    mark_lost: dict[str, float] = {}
    folded: dict[int, str | None] = {}
    for group in table["group"]:
        _keys(group, {"letters", "cost", "seen"}, "look-alikes.toml, group")
        _swap(swapped, group["letters"], group["cost"])
        if group["cost"] < 0.4:
            first = next((folded[ord(c)] for c in group["letters"] if ord(c) in folded), None)
            for letter in group["letters"]:
                folded.setdefault(ord(letter), first or group["letters"][0])
    for mark in table["mark"]:
        _keys(mark, {"letters", "lost", "swapped", "seen"}, "look-alikes.toml, mark")
        _swap(swapped, mark["letters"], mark["swapped"])
        mark_lost |= dict.fromkeys(mark["letters"], mark["lost"])
        folded |= {ord(c): None for c in mark["letters"]}
    return LookAlikes(
        other=table["other"],
        lost=table["lost"],
        swapped=swapped,
        mark_lost=mark_lost,
        tones=frozenset("่้๊๋์็ํ"),
        folded=folded,
    )


def _swap(swapped: dict[str, float], letters: str, cost: float) -> None:
    for one in letters:
        for other in letters:
            if one != other:
                swapped[one + other] = min(cost, swapped.get(one + other, cost))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of local government."""

    name: str
    short: tuple[str, ...]
    place: Literal["subdistrict", "province"]


@dataclass(frozen=True, slots=True)
class AgencyWords:
    """How agencies are named, and where their names end."""

    kinds: tuple[Kind, ...]
    printed: tuple[str, ...]
    never: tuple[str, ...]
    follow: tuple[str, ...]
    end: tuple[str, ...]


@cache
def agency_words() -> AgencyWords:
    """Read `agency-kinds.toml`.

    >>> [kind.short for kind in agency_words().kinds if kind.place == "province"]
    [('อบจ.',)]
    """
    table = _toml("agency-kinds.toml")
    _keys(table, {"kind", "printed", "words"}, "agency-kinds.toml")
    _keys(table["printed"], {"begins", "never"}, "agency-kinds.toml, printed")
    _keys(table["words"], {"follow", "end"}, "agency-kinds.toml, words")
    for kind in table["kind"]:
        _keys(kind, {"name", "short", "place"}, "agency-kinds.toml, kind")
    return AgencyWords(
        kinds=tuple(Kind(k["name"], tuple(k["short"]), k["place"]) for k in table["kind"]),
        printed=tuple(table["printed"]["begins"]),
        never=tuple(table["printed"]["never"]),
        follow=tuple(table["words"]["follow"]),
        end=tuple(table["words"]["end"]),
    )
