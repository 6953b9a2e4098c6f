import re

import pytest

from services.assessment.reports.page import STYLE

COLOURS = re.compile(r"(?<![a-z-])color:#([0-9a-f]{6})")
GROUNDS = ["ffffff", "eef2f5"]
"""The page's and that of the head of a table."""


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", sorted(set(COLOURS.findall(STYLE))))
def test_everything_can_be_read_by_weak_eyes_too(colour: str) -> None:
    """WCAG 2, AA: 4.5 to 1."""
    for ground in GROUNDS:
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_style_is_for_paper_too_and_asks_for_nothing_from_elsewhere() -> None:
    assert "@media print" in STYLE
    assert "@page{size:A4" in STYLE
    assert "break-inside:avoid" in STYLE
    assert not re.search(r"url\(|@import|@font-face|</", STYLE)
