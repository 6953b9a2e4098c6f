"""When so much is said at once that it is not published until somebody has looked, and who that may be. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.clock import hour_of
from shared.events.feedback import HoldDecision, HoldReason
from shared.languages import Language

HOUR = timedelta(hours=1)
WINDOW = 2
"""Hours: the present one and the one before, because of what is said anonymously only the hour is known."""
USUAL_DAYS = 28
USUAL_HOURS = USUAL_DAYS * 24
FLOOR = 30
FACTOR = 20
STEP = 5
TRUSTED = timedelta(days=1)
"""How long a unit and channel are left alone after a hold was released: whoever released it has looked at this burst."""


class Measure(StrEnum):
    nothing = "nothing"
    place = "place"
    extend = "extend"


class Look(NamedTuple):
    """What is compared at one moment: cases from `since` on with those from `first` to `since`. A hold lasts `until`."""

    first: datetime
    since: datetime
    until: datetime


class LastHold(NamedTuple):
    """The newest of a unit and channel."""

    until: datetime
    decision: HoldDecision | None
    decided_at: datetime | None


def look_at(now: datetime) -> Look:
    """In whole hours, so that a hold tells no finer time of anybody."""
    until = hour_of(now) + HOUR
    since = until - WINDOW * HOUR
    return Look(since - timedelta(days=USUAL_DAYS), since, until)


def is_burst(opinions: int, before: int) -> bool:
    """`opinions` in the window against `before` in the four weeks before it, of one unit and channel.

    At least `FLOOR`: fewer move no figure that is shown (those go in steps of five, over weeks), and a street whose lamp went out
    brings a dozen. And at least `FACTOR` times what two hours bring on the mean: where all that a unit ever hears comes within
    two hours of each working day, these have 12 * 7 / 5 = 16.8 times the mean, so that no daily habit is a burst. A true outcry
    can be one: that is why it is held from publication only, and somebody looks.
    """
    return opinions >= FLOOR and opinions * USUAL_HOURS >= FACTOR * WINDOW * before


def measure(look: Look, now: datetime, opinions: int, before: int, last: LastHold | None) -> Measure:
    if not is_burst(opinions, before):
        return Measure.nothing
    if last is None:
        return Measure.place
    if last.decision is HoldDecision.released:
        recent = last.decided_at is not None and now < last.decided_at + TRUSTED
        return Measure.nothing if recent or last.until >= look.until else Measure.place
    if last.until >= look.until:
        return Measure.nothing
    return Measure.extend if last.until >= look.since else Measure.place


def stepped(opinions: int) -> int:
    """As it is kept and shown: a finer count would tell when the last one came."""
    return opinions - opinions % STEP


def usually(before: int) -> float:
    """What as many hours as a window has usually bring, to a tenth."""
    return round(before * WINDOW / USUAL_HOURS, 1)


EXPLAINED: Mapping[Language, Mapping[HoldReason, str]] = {
    Language.en: {
        HoldReason.burst: "At least {opinions} opinions came within two hours, where {usual} are usual. They are worked on as "
        "ever, but neither shown to others nor counted in signals until a unit above has looked."
    },
    Language.zh: {
        HoldReason.burst: "两小时内至少收到{opinions}条意见，平时约为{usual}条。"
        "意见照常办理，但在上级单位核查之前不向他人展示，也不计入信号统计。"
    },
}


def explain(reason: HoldReason, opinions: int, usual: float, language: Language) -> str:
    return EXPLAINED[language][reason].format(opinions=opinions, usual=usual)
