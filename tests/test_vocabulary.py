"""The vocabulary is data with sources, and nothing else."""

import pytest

from profiles.report import BadProfile
from profiles.vocabulary import parse_vocabulary, vocabulary


def test_every_entry_has_a_source():
    words = vocabulary()
    entries = (*words.units, *words.headings, *words.months, words.shape, words.fiscal_year)
    assert all(entry.source for entry in entries)


def test_the_year_has_twelve_months_and_begins_in_october():
    words = vocabulary()
    assert [month.number for month in words.months] == list(range(1, 13))
    assert words.fiscal_year.first_month == 10


def test_no_unit_is_listed_twice():
    names = [unit.name for unit in vocabulary().units]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "text",
    ['colour = "red"', '[[units]]\nname = "ก"\nvariants = []', "[shape]\nprefix = []"],
    ids=["unknown table", "no source", "unknown key"],
)
def test_a_key_that_nobody_reads_or_misses_is_an_error(text):
    with pytest.raises(BadProfile):
        parse_vocabulary(text)
