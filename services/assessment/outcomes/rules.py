"""How far an outcome has come, and how much of that counts. Pure, and exact: numbers are taken as they are written."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from services.assessment.indicators.rules import Tally
from shared.errors import Conflict, Invalid

FEWEST = 5
"""k: what residents notice is shown from this many voices on, and anew with every so many more, so that the difference of two
figures tells no voice."""
SHOWN_WITHIN = 30
"""Days after the one by which it was to come about, within which a unit measures an outcome and publishes it."""
LONGEST_URL = 2000


class Better(StrEnum):
    """Which values are better: the higher or the lower ones."""

    up = "higher"
    down = "lower"


class EvidenceKind(StrEnum):
    case = "case"
    visit = "visit"
    finding = "finding"
    activity = "activity"
    attachment = "attachment"
    dataset = "dataset"


class Noticed(StrEnum):
    yes = "yes"
    no = "no"


@dataclass(frozen=True, slots=True)
class Course:
    """From where to where, and where it has come; None before anything was measured."""

    baseline: float
    target: float
    value: float | None

    @property
    def progress(self) -> Fraction | None:
        """The part of the way that was made, 0 to 1."""
        if self.value is None:
            return None
        baseline, target, value = (Fraction(repr(number)) for number in (self.baseline, self.target, self.value))
        return max(Fraction(0), min(Fraction(1), (value - baseline) / (target - baseline)))

    @property
    def reached(self) -> bool:
        return self.progress == 1


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the outcomes of a unit came whose day lay in a period and has passed. `due` of them there were; `n` could be
    counted, and `value` is the mean of what counted of them, None without any: what too few residents speak of is missing, and
    not zero."""

    value: Fraction | None
    n: int
    due: int


NO_REACH = Reach(None, 0, 0)


def counted_progress(progress: Fraction | None, said: Tally) -> Fraction | None:
    """The progress, as far as residents notice it; None while there is none, or too few said anything."""
    if progress is None or said.n < FEWEST:
        return None
    return progress * Fraction(said.hits, said.n)


def due_progress(progress: Fraction | None, said: Tally, *, published: bool, days_since: int) -> Fraction | None:
    """What counts of an outcome whose day was `days_since` ago. Nothing, where the unit has neither measured nor published it for
    `SHOWN_WITHIN` days: else it would keep to itself what did not come about. None while it may still show it, or where too few
    residents said anything: their silence counts against nobody."""
    if published and progress is not None:
        return counted_progress(progress, said)
    return Fraction(0) if days_since > SHOWN_WITHIN else None


def mean_of(counted: Sequence[Fraction | None]) -> Reach:
    known = [each for each in counted if each is not None]
    return Reach(sum(known, Fraction(0)) / len(known) if known else None, len(known), len(counted))


def is_told_anew(shown: int, said: int) -> bool:
    """Whether enough have spoken since what is shown was counted."""
    return said >= shown + FEWEST


def check_course(better: Better, *, baseline: float, target: float, baseline_on: date, target_on: date, today: date) -> None:
    """Said beforehand, or it proves nothing. Raises `Invalid` (target-not-better, baseline-in-the-future, target-not-ahead)."""
    if (target <= baseline) if better is Better.up else (target >= baseline):
        raise Invalid("target-not-better", f"`target.value` must be {better} than `baseline.value`, as the indicator says.")
    if baseline_on > today:
        raise Invalid("baseline-in-the-future", "`baseline.on` must not be in the future: a baseline is measured.")
    if target_on <= today:
        raise Invalid("target-not-ahead", "`target.on` must be later than today: say what is wanted before it is there.")


def check_covered(*, covered: bool) -> None:
    """Raises `Invalid` (campaign-elsewhere)."""
    if not covered:
        raise Invalid(
            "campaign-elsewhere", "`campaign_id`: this campaign does not cover the unit; leave it out, or name another."
        )


def check_measured(measured_on: date, *, baseline_on: date, today: date) -> None:
    """Raises `Invalid` (measured-before-baseline, measured-in-the-future)."""
    if measured_on < baseline_on:
        raise Invalid("measured-before-baseline", f"`measured_on` must not be before the baseline of {baseline_on}.")
    if measured_on > today:
        raise Invalid("measured-in-the-future", "`measured_on` must not be in the future.")


def check_unpublished(*, published: bool) -> None:
    """Raises `Conflict` (outcome-published)."""
    if published:
        raise Conflict("outcome-published", "This outcome is public already: see GET /v1/public/outcomes.")


def is_public_url(url: str) -> bool:
    """Of a page that anybody may read: https, of a named host, and with nobody's password in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    named = "." in host.strip(".") and not _is_address(host) and not host.endswith((".local", ".internal", ".localhost"))
    plain = url.isascii() and not any(character.isspace() for character in url) and len(url) <= LONGEST_URL
    return plain and parts.scheme == "https" and named and parts.username is None and port in (None, 443)


def _is_address(host: str) -> bool:
    """Also one without its four parts, which some clients take for one."""
    try:
        ip_address(host)
    except ValueError:
        return host.rstrip(".").rsplit(".", 1)[-1][:1].isdigit()
    return True


def pseudonym(pepper: bytes, outcome_id: UUID, account_id: UUID) -> bytes:
    """The same account on the same outcome again, and nothing else, to whoever does not hold the pepper."""
    return hmac.digest(pepper, b"outcome " + outcome_id.bytes + account_id.bytes, "sha256")
