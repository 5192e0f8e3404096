"""Ruled lines of an upright picture, as the strokes that `grid.py` takes.

A rule is thin, straight, free-standing ink. It may be faint, broken, dotted or double; a row of
letters, a dash, an underline that crosses nothing is no rule.
"""

from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from extract.grid import Rule
from extract.model import Grey, Picture

SNAP_INCHES = 0.035
"""Parallel strokes nearer than this are one: a double rule."""
SHORTEST_INCHES = 0.3
"""Shorter strokes are taken for parts of letters."""
BRIDGE_INCHES = 0.16
"""A gap in a broken rule."""
FAINTEST = 13
"""Grey levels between a rule and the paper beside it."""
REACH_INCHES = 0.07
"""A rule that ends this near to a crossing rule meets it."""
WHOLE = 0.6
"""Share of a broken rule that its pieces must fill."""
FAINT = 0.4
"""Share of the usual depth of a page's rules below which a stroke is none of them."""
EDGE_INCHES = 0.08
"""A stroke this near to the picture's edge is the paper's own."""
LONG_INCHES = 3.0
"""No row of letters has a dark run this long."""


def find_rules(picture: Picture) -> tuple[list[Rule], list[Rule]]:
    """Horizontal and vertical rules in points from the top left."""
    grey, dpi = picture
    across = snapped(clear(strokes(grey, dpi, level=True)), dpi)
    down = snapped(clear(strokes(grey, dpi, level=False)), dpi)
    height, width = grey.shape[:2]
    edge = EDGE_INCHES * dpi
    across = [rule for rule in across if edge < rule.at < height - edge]
    down = [rule for rule in down if edge < rule.at < width - edge]
    scale = 72 / dpi
    met = meeting(across, down, dpi, level=True), meeting(down, across, dpi, level=False)
    level, upright = (
        [Rule(r.at * scale, r.start * scale, r.end * scale) for r in rules] for rules in met
    )
    return level, upright


def ink_and_levels(picture: Picture) -> tuple[NDArray[np.bool_], list[Rule]]:
    """Where a page has ink, a pixel a point, its long level rules left out; and these, in
    points."""
    grey, dpi = picture
    levels = [
        rule
        for rule in snapped(clear(strokes(grey, dpi, level=True)), dpi)
        if rule.end - rule.start > LONG_INCHES * dpi
    ]
    scale = 72 / dpi
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    dark = cv2.adaptiveThreshold(
        small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 14
    )
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    kept = (stats[:, cv2.CC_STAT_AREA] > 3) & (stats[:, cv2.CC_STAT_HEIGHT] < 40)
    kept[0] = False
    ink = kept[labels]
    rules = [Rule(r.at * scale, r.start * scale, r.end * scale) for r in levels]
    for rule in rules:
        y = round(rule.at)
        ink[max(0, y - 2) : y + 3, max(0, int(rule.start)) : int(rule.end) + 1] = False
    return ink, rules


def stroke_mask(grey: Grey, dpi: float, level: bool) -> MatLike:
    """Dark pixels after a smoothing along the rules, which closes small breaks and quiets noise.

    A faint rule between lines of text is no darker than the mean around it; the black-hat finds it
    by its thinness.
    """
    run = max(3, int(dpi * 0.03)) | 1
    smooth = cv2.blur(grey, (run, 1) if level else (1, run))
    dark = cv2.adaptiveThreshold(
        smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, max(3, int(dpi / 4) | 1), 9
    )
    across = max(7, int(dpi * 0.045)) | 1
    kernel = np.ones((across, 1) if level else (1, across), np.uint8)
    thin = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, kernel)
    return cv2.bitwise_or(dark, cv2.threshold(thin, FAINTEST, 255, cv2.THRESH_BINARY)[1])


class Stroke(NamedTuple):
    """A dark run in pixels, and by how many grey levels it is darker than the paper beside it."""

    rule: Rule
    depth: float


def clear(found: list[Stroke]) -> list[Rule]:
    """The strokes but for those that are much fainter than most: the back of the sheet shows."""
    if not found:
        return []
    ranked = sorted(found, key=lambda stroke: stroke.depth)
    total, passed = sum(s.rule.end - s.rule.start for s in ranked), 0.0
    for stroke in ranked:
        passed += stroke.rule.end - stroke.rule.start
        if passed >= 0.6 * total:
            break
    return [s.rule for s in found if s.depth > FAINT * stroke.depth]


def stroke_depth(page: Grey, x: int, y: int, width: int, height: int, dpi: float) -> float:
    """Grey levels between a level run and the paper above and below it, at the middle of its
    length's samples."""
    reach = max(3, int(dpi * 0.025))
    part = page[max(0, y - reach) : y + height + reach, x : x + width : max(1, width // 60)]
    depths = part.max(0).astype(np.int16) - part.min(0)
    return float(np.median(depths))


def strokes(grey: Grey, dpi: float, *, level: bool) -> list[Stroke]:
    """Straight dark runs, thin and free-standing."""
    mask = stroke_mask(grey, dpi, level)
    page = grey
    if not level:
        mask, page = np.ascontiguousarray(mask.T), np.ascontiguousarray(grey.T)
    thick = cv2.dilate(mask, np.ones((2, 1), np.uint8))
    kernel = np.ones((1, int(dpi * SHORTEST_INCHES)), np.uint8)
    opened = cv2.morphologyEx(thick, cv2.MORPH_OPEN, kernel)
    count, _, stats, centres = cv2.connectedComponentsWithStats(opened, connectivity=8)
    found = []
    for (x, y, width, height, _), centre in zip(stats[1:count], centres[1:count], strict=True):
        thin = height <= dpi * 0.06 + width * 0.004
        if thin and is_free(mask, int(x), int(y), int(width), int(height), dpi):
            rule = Rule(float(centre[1]), float(x), float(x + width))
            if level and width < dpi * LONG_INCHES and is_print(page, rule, dpi):
                continue
            depth = stroke_depth(page, int(x), int(y), int(width), int(height), dpi)
            found.append(Stroke(rule, depth))
    return found


def is_print(grey: Grey, rule: Rule, dpi: float) -> bool:
    """True of a row of letters: blanks along it, and ink where letters go on above or below it.

    On real forms rules are blank over 0 to 16 % of their length with ink beside 0 to 3 % of it,
    bold headers that fill their cell over 24 to 40 % and beside 6 to 21 %.
    """
    y, reach, side = round(rule.at), max(1, round(0.012 * dpi)), round(0.06 * dpi)
    part = grey[max(0, y - side) : y + side + 1, int(rule.start) + 3 : int(rule.end) - 3]
    if part.shape[1] < 8 or y < side or y + side >= grey.shape[0]:
        return False
    darkest = part[side - reach : side + reach + 1].min(0).astype(np.float32)
    paper = float(np.percentile(part, 90))
    depth = paper - float(np.median(darkest))
    blank = float((darkest > paper - 0.5 * depth).mean())
    beside = [
        float((part[at - 1 : at + 2].min(0) < paper - 0.3 * depth).mean())
        for inches in (0.03, 0.05)
        for at in (side - round(inches * dpi), side + round(inches * dpi))
    ]
    most = max(min(beside[0], beside[2]), min(beside[1], beside[3]))
    return blank > 0.2 and most > 0.045


def is_free(mask: MatLike, x: int, y: int, width: int, height: int, dpi: float) -> bool:
    """False where a dark run is a part of letters: ink nearly all along it, on one side at least.

    Ink all along is the other half of a double rule.
    """
    if width > dpi * LONG_INCHES:
        return True
    reach = max(2, int(dpi * 0.02))
    above = mask[max(0, y - reach - 1) : max(1, y - 1), x : x + width]
    below = mask[y + height + 1 : y + height + 1 + reach, x : x + width]
    shares = [float((side > 0).any(0).mean()) for side in (above, below) if side.size]
    return all(share < 0.5 or share > 0.97 for share in shares)


def snapped(rules: list[Rule], dpi: float) -> list[Rule]:
    """Join strokes of one line: nearly the same place, gaps no longer than BRIDGE_INCHES."""
    groups: list[list[Rule]] = []
    for rule in sorted(rules):
        if groups and rule.at - middle(groups[-1]) <= SNAP_INCHES * dpi:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return [rule for group in groups for rule in joined(group, BRIDGE_INCHES * dpi)]


def middle(group: list[Rule]) -> float:
    """Where the strokes of one line lie, long ones counting most."""
    total = sum(rule.end - rule.start for rule in group)
    return sum(rule.at * (rule.end - rule.start) for rule in group) / total


def joined(group: list[Rule], gap: float) -> list[Rule]:
    at = middle(group)
    found: list[Rule] = []
    for rule in sorted(group, key=lambda rule: rule.start):
        if found and rule.start - found[-1].end <= gap:
            found[-1] = Rule(at, found[-1].start, max(found[-1].end, rule.end))
        else:
            found.append(Rule(at, rule.start, rule.end))
    return found


def meeting(rules: list[Rule], others: list[Rule], dpi: float, *, level: bool) -> list[Rule]:
    """The rules of tables, their ends lengthened or trimmed to the crossing rules nearby.

    A row of letters may look like a piece of a rule, but does not reach from one crossing rule to
    another, nor is it one of several pieces that fill the way between two. Upright rules may end
    where nothing crosses them: a page break cuts rows open.
    """
    reach, long = REACH_INCHES * dpi, LONG_INCHES * dpi
    met = []
    for line in in_lines(rules, SNAP_INCHES * dpi):
        pieces, ends = [], []
        for rule in line:
            crossing = [o.at for o in others if o.start - reach <= rule.at <= o.end + reach]
            start, end = nearest(rule.start, crossing, reach), nearest(rule.end, crossing, reach)
            pieces.append(Rule(rule.at, start, end))
            ends.append((start in crossing) + (end in crossing))
        whole = max(r.end for r in pieces) - min(r.start for r in pieces)
        drawn = sum(r.end - r.start for r in pieces)
        meets = (ends[0] and ends[-1]) if level else any(ends)
        in_one = len(pieces) > 1 and drawn > WHOLE * whole and (meets or whole > long)
        for rule, count in zip(pieces, ends, strict=True):
            is_long = rule.end - rule.start > long
            if count == 2 or is_long or in_one or (count and not level):
                met.append(rule)
    return trimmed(met, others, dpi)


def in_lines(rules: list[Rule], near: float) -> list[list[Rule]]:
    """Rules that lie in one line, those of each line from its start to its end."""
    lines: list[list[Rule]] = []
    for rule in sorted(rules):
        if lines and rule.at - lines[-1][-1].at <= near:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    return [sorted(line, key=lambda rule: rule.start) for line in lines]


def trimmed(rules: list[Rule], others: list[Rule], dpi: float) -> list[Rule]:
    """Cut off what one rule alone runs over the last rule that crosses it: a staple, a fold.

    Where a row or a column is open, most rules run over it together.
    """
    reach, alike = REACH_INCHES * dpi, 0.12 * dpi
    found = []
    for rule in rules:
        crossing = [o.at for o in others if o.start - reach <= rule.at <= o.end + reach]
        crossing = [at for at in crossing if rule.start <= at <= rule.end]
        start, end = rule.start, rule.end
        if crossing:
            beside = [o for o in rules if o is not rule and o.start <= max(crossing) <= o.end]
            if sum(abs(o.end - end) < alike for o in beside) < len(beside) / 3:
                end = max(crossing)
            beside = [o for o in rules if o is not rule and o.start <= min(crossing) <= o.end]
            if sum(abs(o.start - start) < alike for o in beside) < len(beside) / 3:
                start = min(crossing)
        if end > start:
            found.append(Rule(rule.at, start, end))
    return found


def nearest(place: float, candidates: list[float], reach: float) -> float:
    """The candidate within reach of a place, else the place itself.

    >>> nearest(10.0, [3.0, 11.0, 12.0], 2.0), nearest(10.0, [3.0], 2.0)
    (11.0, 10.0)
    """
    return min(
        (c for c in candidates if abs(c - place) <= reach),
        key=lambda c: abs(c - place),
        default=place,
    )
