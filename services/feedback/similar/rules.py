"""How likely two cases are about the same matter, and what says so. Pure.

Four signals, each from 0 (apart) to 1 (the same): the words, the place, the category and the time. What is known of both sides
counts, with the weights below; what one side does not say is left out of the mean, and counts neither for nor against. So equal
words are enough without a place, two kilometres apart they are not, and next to each other the same category is.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from unicodedata import normalize

NEARBY_M = 500
"""Metres: as far apart two places have nothing in common."""
RECENT = timedelta(days=365)
"""How far back is looked, and as far apart two moments have nothing in common."""
MOST_READ = 200
"""Characters of a body that are compared: what it is about is said first."""
MOST_SUGGESTED = 10
LIKELY = 0.42
"""From this score on a case is suggested. With words alone, of the same week, that takes a likeness of 0.3."""
STEP_M = 100
"""Metres: distances are told no finer, because places are kept no finer."""


class Why(StrEnum):
    """What speaks for a suggestion."""

    place = "place"
    time = "time"
    category = "category"
    text = "text"


WEIGHTS = {Why.text: 0.5, Why.place: 0.25, Why.category: 0.15, Why.time: 0.1}
SPEAKS = {Why.text: 0.3, Why.place: 0.5, Why.category: 1.0, Why.time: 0.9}
"""From which closeness on a signal is named in `why`: like words, within 250 m, the same category, within five weeks."""


class Spot(NamedTuple):
    """Degrees, north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a case, or of an opinion before it is one. `body` is None where the words are elsewhere."""

    title: str
    body: str | None
    category: str | None
    spot: Spot | None
    place: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    score: float
    why: Sequence[Why]
    distance_m: int | None


class Words(NamedTuple):
    """The pieces of a title, and of the title and the body together."""

    title: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What others are compared with, read once."""

    matter: Matter
    words: Words | None

    @classmethod
    def of(cls, matter: Matter) -> "Wanted":
        return cls(matter, _words(matter))

    def match(self, other: Matter) -> Match:
        """How close the other one is. The score is a weighted mean from 0 to 1."""
        mine, distance = self.matter, distance_m(self.matter.spot, other.spot)
        closeness = {
            Why.text: _text(self.words, _words(other)),
            Why.place: _place(distance, mine.place, other.place),
            Why.category: None if None in (mine.category, other.category) else float(mine.category == other.category),
            Why.time: max(0.0, 1 - abs(mine.at - other.at) / RECENT),
        }
        known = {why: value for why, value in closeness.items() if value is not None}
        score = sum(WEIGHTS[why] * value for why, value in known.items()) / sum(WEIGHTS[why] for why in known)
        told = None if distance is None else round(distance / STEP_M) * STEP_M
        return Match(round(score, 2), [why for why in Why if known.get(why, 0) >= SPEAKS[why]], told)


def likeness(one: str, other: str) -> float:
    """How many of their pieces two texts share: 0 for none, 1 for all (Dice's coefficient of the two sets)."""
    return _shared(pieces(one), pieces(other))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


_WORD = re.compile(r"[^\W_\u2e80-\U0003ffff]{4,}")
_IDEOGRAPHS = re.compile(r"[\u2e80-\U0003ffff]+")
_BETWEEN = re.compile(r"[\W_]+")


def pieces(text: str) -> frozenset[str]:
    """What a text is made of, in any language and without a dictionary.

    Of a script that writes words apart: every three letters in a row of each word of four letters or more, which leaves most
    particles out and lets "repaired" share with "repairing". Of ideographs: every two in a row, which most Chinese words are.
    """
    folded = _BETWEEN.sub(" ", normalize("NFKC", text).casefold())
    words = (word[start : start + 3] for word in _WORD.findall(folded) for start in range(len(word) - 2))
    pairs = (run[start : start + 2] for run in _IDEOGRAPHS.findall(folded) for start in range(max(1, len(run) - 1)))
    return frozenset((*words, *pairs))


def _words(matter: Matter) -> Words | None:
    if matter.body is None:
        return None
    title = pieces(matter.title)
    return Words(title, title | pieces(matter.body[:MOST_READ]))


def _text(one: Words | None, other: Words | None) -> float | None:
    """The titles, or the whole: whichever is more alike. Somebody puts into the body what another one puts into the title."""
    if one is None or other is None:
        return None
    return max(_shared(one.title, other.title), _shared(one.whole, other.whole))


def _place(distance: float | None, one: str | None, other: str | None) -> float | None:
    if distance is not None:
        return max(0.0, 1 - distance / NEARBY_M)
    return likeness(one, other) if one and other else None


METRES_PER_DEGREE = 111_195
"""Of latitude, on a sphere of the earth's mean radius."""


def distance_m(one: Spot | None, other: Spot | None) -> float | None:
    """Metres between two spots, as on a plane: exact to a metre over the few hundred that matter here."""
    if one is None or other is None:
        return None
    east = (one.longitude - other.longitude + 180) % 360 - 180
    east *= math.cos(math.radians((one.latitude + other.latitude) / 2))
    return METRES_PER_DEGREE * math.hypot(one.latitude - other.latitude, east)


def coarse(spot: Spot) -> Spot:
    """As a case's place is kept: so that nobody walks around a case with drafts to find it more exactly."""
    return Spot(round(spot.latitude, 3), round(spot.longitude, 3))


CELLS_PER_DEGREE = 100
"""The grid by which open cases are found by their place: one cell is about a kilometre high."""


class Cell(NamedTuple):
    row: int
    column: int


def cells_around(spot: Spot) -> list[Cell]:
    """The cells that hold everything within `NEARBY_M`; near a pole, where they are narrow, those next to it."""
    high = NEARBY_M / METRES_PER_DEGREE
    wide = min(high / max(math.cos(math.radians(spot.latitude)), 0.01), 3 / CELLS_PER_DEGREE)
    rows = _span(spot.latitude - high, spot.latitude + high)
    columns = _span(spot.longitude - wide, spot.longitude + wide)
    around = 360 * CELLS_PER_DEGREE
    return [Cell(row, (column + around // 2) % around - around // 2) for row in rows for column in columns]


def _span(low: float, high: float) -> range:
    return range(math.floor(low * CELLS_PER_DEGREE), math.floor(high * CELLS_PER_DEGREE) + 1)
