"""Apply named rules in order and remember which of them changed anything."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

Rule = Callable[[str], str]


class Step(NamedTuple):
    """One change of one text; `rule` is the name of the function that made it."""

    rule: str
    before: str
    after: str


def apply(rules: Iterable[Rule], text: str) -> tuple[str, tuple[Step, ...]]:
    """Run each rule once, in order.

    >>> text, steps = apply((str.strip, str.upper, str.lower), " OK ")
    >>> text, [step.rule for step in steps]
    ('ok', ['strip', 'lower'])
    """
    steps = []
    for rule in rules:
        after = rule(text)
        if after != text:
            steps.append(Step(rule.__name__, text, after))
        text = after
    return text, tuple(steps)
