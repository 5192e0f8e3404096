"""Lines of a region, each read at the size of cut at which the model is surest.

The model knows a line by the height of its body.  A line of digits has no consonant to measure, so
its body is guessed from the page, and a guess 10 % off costs digits.  Where the first reading is
not sure, larger and smaller cuts are read too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from recognise import LineReader, Reading
from segment import Band, cut, find_lines

SCALES = (0.88, 1.12)  # of the body, tried beside 1.0
SURE = 0.98  # confidence of a line above which one reading is enough


def read_region(
    region: np.ndarray, dpi: float, hint: float | None, reader: LineReader, sure: float = SURE
) -> list[tuple[Band, Reading]]:
    """Lines of a grey region, top to bottom; `hint` is the body of the page (segment.page_hint)."""
    bands = find_lines(region, dpi, hint)
    readings = read_at(region, bands, 1.0, reader)
    doubtful = [n for n, reading in enumerate(readings) if reading.confidence < sure]
    for scale in SCALES:
        others = read_at(region, [bands[n] for n in doubtful], scale, reader)
        for n, other in zip(doubtful, others, strict=True):
            readings[n] = max(readings[n], other, key=lambda reading: reading.confidence)
    return list(zip(bands, readings, strict=True))


def read_at(
    region: np.ndarray, bands: Sequence[Band], scale: float, reader: LineReader
) -> list[Reading]:
    return (
        reader.read([cut(region, replace(band, body=band.body * scale)) for band in bands])
        if bands
        else []
    )
