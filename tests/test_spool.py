"""Values in a temporary file: as they were, in any order, and gone with the process."""

import random
import resource
from dataclasses import dataclass
from decimal import Decimal

import pytest

from audit.archive import Answer
from export.model import CannotWrite
from export.spool import Spool, in_order, json_array
from export.store import decode


@dataclass(frozen=True, slots=True)
class Line:
    """Some value with what the kept ones have: Thai, an odd surrogate, numbers."""

    name: str
    answers: tuple[Answer, ...] = ()


LINES = [
    Line("เทศบาลตำบลบ้านนา"),
    Line(""),
    Line("a\ud800b\n"),
    Line("x" * 100_000, (Answer("i1", Decimal("82.50"), 2**64 - 1, 200, 0, (2567, 2568)),)),
]


@pytest.fixture
def spool(tmp_path):
    with Spool(tmp_path, Line) as made:
        for line in LINES:
            made.append(line)
        yield made


def test_values_come_back_as_they_were(spool):
    assert list(spool) == LINES and len(spool) == 4
    assert spool[3] == spool[-1] == LINES[3]
    assert spool[1:3] == LINES[1:3] and spool[::-1] == LINES[::-1]


def test_more_can_be_added_after_reading(spool):
    assert spool[0] == LINES[0]
    spool.append(LINES[1])
    assert list(spool) == [*LINES, LINES[1]]


@pytest.mark.parametrize("place", [4, -5])
def test_a_place_that_is_not_there_is_an_error(spool, place):
    with pytest.raises(IndexError):
        spool[place]


def test_the_file_has_no_name_that_a_killed_process_could_leave(spool, tmp_path):
    assert list(spool) == LINES
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_it_is_nothing(tmp_path):
    with Spool(tmp_path, Line) as made:
        assert list(made) == [] and not made
        assert list(in_order(made, len)) == []


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CannotWrite, match="gone"):
        Spool(tmp_path / "gone", Line)


def test_a_disk_that_is_full_is_said_and_does_not_hide_what_comes_after(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(CannotWrite, match=tmp_path.name), Spool(tmp_path, Line) as made:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
            made.append(LINES[3])
            made.append(LINES[0])
            assert made[1]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("at_once_bytes", [1, 100, 1000, 1_000_000])
def test_values_are_put_in_order_and_equal_ones_stay_as_they_came(tmp_path, at_once_bytes):
    chance = random.Random(1)
    lines = [Line(f"{chance.randint(0, 20):02} {number}") for number in range(100)]
    with Spool(tmp_path, Line) as made:
        for line in lines:
            made.append(line)
        found = list(in_order(made, lambda line: line.name[:2], at_once_bytes))
    assert found == sorted(lines, key=lambda line: line.name[:2])


@pytest.mark.parametrize("lines", [[], LINES[:1], LINES])
def test_an_array_is_written_piece_by_piece(lines):
    written = list(json_array(lines))
    assert len(written) == len(lines) + 1
    assert decode(b"".join(written), tuple[Line, ...]) == tuple(lines)
