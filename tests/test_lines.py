"""Lines of cells and pages: found where print is, and nowhere else."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from extract.lines import cut, cut_lines, find_lines, page_hint

CELLS = Path(__file__).parent / "recorded" / "cells"
DPI = 200
BODY = 20.0


def cell(name):
    return cv2.imread(str(CELLS / f"{name}.png"), cv2.IMREAD_GRAYSCALE)


def paper(height=80, width=200, grain=0):
    blank = np.full((height, width), 235, np.int16)
    if grain:
        blank += np.random.default_rng(7).normal(0, grain, blank.shape).astype(np.int16)
    return blank.clip(0, 255).astype(np.uint8)


def with_dash(region, x=90, y=40):
    marked = region.copy()
    marked[y : y + 3, x : x + 9] = 40
    return cv2.GaussianBlur(marked, (3, 3), 0.6)


@pytest.mark.parametrize("grain", [0, 4, 9])
def test_empty_cell_has_no_line(grain):
    assert find_lines(paper(grain=grain), DPI, BODY) == []


def test_stain_is_no_line():
    stained = paper()
    cv2.circle(stained, (120, 40), 30, 205, -1)
    assert find_lines(cv2.GaussianBlur(stained, (31, 31), 0), DPI, BODY) == []


@pytest.mark.parametrize("grain", [0, 4])
def test_lone_dash(grain):
    [band] = find_lines(with_dash(paper(grain=grain)), DPI, BODY)
    assert abs(band.left - 90) <= 2
    assert abs(band.right - 99) <= 2
    assert band.body == BODY
    assert 40 + 0.3 * BODY < band.base < 43 + 0.6 * BODY


def test_corner_of_a_frame_does_not_hide_a_dash():
    framed = with_dash(paper())
    framed[:2, :] = 60
    framed[:, :2] = 60
    [band] = find_lines(framed, DPI, BODY)
    assert abs(band.left - 90) <= 2


@pytest.mark.parametrize("side", [np.s_[:2, :], np.s_[-2:, :], np.s_[:, :2], np.s_[:, -3:]])
def test_rest_of_a_rule_is_no_line(side):
    ruled = paper()
    ruled[side] = 70
    assert find_lines(ruled, DPI, BODY) == []


def test_lines_of_letters_and_their_body():
    region = cell("letters")
    upper, lower = find_lines(region, DPI)
    assert abs(upper.base - 60) <= 1
    assert abs(lower.base - 120) <= 1
    assert abs(upper.body - lower.body) < 1
    assert page_hint([region], DPI) == pytest.approx(upper.body, abs=1.5)


def test_marks_over_letters_are_no_line_of_their_own():
    assert len(find_lines(cell("letters"), DPI, BODY)) == 2


def test_figures_have_the_body_of_the_letters_beside_them():
    [band] = find_lines(cell("figures"), DPI, BODY)
    assert band.body == BODY
    [alone] = find_lines(cell("figures"), DPI)
    assert alone.body < 20


def test_a_word_of_even_letters_is_no_figure():
    [band] = find_lines(cell("word"), DPI)
    assert band.body > 18


def test_full_stop_after_one_figure():
    [band] = find_lines(cell("one"), DPI, BODY)
    assert band.right > 80
    assert band.body == BODY


def test_rows_of_dashes_among_figures():
    bands = find_lines(cell("dashes"), DPI, BODY)
    assert [round(band.right - band.left) < 15 for band in bands] == [True, False, False, True]
    assert [round(band.base / 60) for band in bands] == [1, 2, 3, 4]


def test_two_sizes():
    title, body = find_lines(cell("sizes"), DPI, BODY)
    assert abs(title.base - 60) <= 1
    assert abs(body.base - 130) <= 1
    assert title.body > 1.6 * body.body


def test_dotted_leader_is_a_part_of_its_line():
    [band] = find_lines(cell("leader"), DPI, BODY)
    assert band.right > 360


def test_underline_does_not_join_letters():
    [band] = find_lines(cell("underlined"), DPI)
    assert abs(band.base - 60) <= 1
    assert 20 < band.body < 25


def test_wide_gap_is_cut_short():
    region = cell("apart")
    [(band, image)] = cut_lines(region, DPI, BODY)
    assert band.left < 30
    assert band.right > 800
    [(start, end)] = band.gaps
    assert end - start > 600
    assert image.shape[1] < 400


def test_light_type_on_a_dark_cell():
    region = cell("letters")
    light = cv2.bitwise_not(region)
    assert find_lines(light, DPI, BODY) == find_lines(region, DPI, BODY)
    band = find_lines(region, DPI, BODY)[0]
    assert np.array_equal(cut(light, band), cut(region, band))


def test_letters_touching_a_rule():
    region = cell("letters")
    region[62:64, :] = 30
    bands = find_lines(region, DPI, BODY)
    assert [round(band.base / 60) for band in bands] == [1, 2]


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3)])
def test_tiny_regions(shape):
    assert find_lines(np.full(shape, 200, np.uint8), DPI, BODY) == []
