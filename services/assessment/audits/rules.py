"""Drawing a sample of the evidence behind grades, who checks it, and what that adds up to. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Self
from uuid import UUID

from services.assessment.indicators.rules import OF_CASES, OF_VISITS, Indicator, Tally
from services.assessment.standards.rules import Terms
from shared.errors import Conflict, Forbidden, Invalid

MOST_UNITS = 100
MOST_EACH = 20
CHECK_WITHIN = timedelta(days=14)
FEWEST = 5
"""k: of fewer checked pieces nothing is told to everybody."""


class Rule(StrEnum):
    """By which rule something about an audit was decided."""

    drawn = "audit.drawn-by-published-seed"
    checked = "audit.auditor-outside-the-chain"
    settled = "audit.settled-by-a-second-person"


class Kind(StrEnum):
    case = "case"
    visit = "visit"


class Finding(StrEnum):
    upheld = "upheld"
    not_supported = "not_supported"
    cannot_be_checked = "cannot_be_checked"


class Ground(StrEnum):
    """What a finding rests on."""

    as_recorded = "as_recorded"
    not_found = "not_found"
    recorded_otherwise = "recorded_otherwise"
    not_of_this_unit = "not_of_this_unit"
    counted_twice = "counted_twice"
    erased = "erased"
    no_access = "no_access"
    nobody_reached = "nobody_reached"


GROUNDS: Mapping[Finding, frozenset[Ground]] = {
    Finding.upheld: frozenset({Ground.as_recorded}),
    Finding.not_supported: frozenset(
        {Ground.not_found, Ground.recorded_otherwise, Ground.not_of_this_unit, Ground.counted_twice}
    ),
    Finding.cannot_be_checked: frozenset({Ground.erased, Ground.no_access, Ground.nobody_reached}),
}


@dataclass(frozen=True, slots=True)
class Result:
    """Of the pieces that were drawn."""

    drawn: int
    upheld: int
    not_supported: int
    cannot_be_checked: int

    @classmethod
    def of(cls, counts: Mapping[str | None, int]) -> Self:
        """From how many have each finding, or none yet."""
        return cls(sum(counts.values()), *(counts.get(finding, 0) for finding in Finding))

    @property
    def open(self) -> int:
        return self.drawn - self.upheld - self.not_supported - self.cannot_be_checked

    @property
    def holding(self) -> Tally:
        """Upheld, of those that could be checked: what cannot be checked is missing, neither for nor against."""
        return Tally(self.upheld, self.upheld + self.not_supported)

    def is_overdue(self, due_at: datetime, now: datetime) -> bool:
        return self.open > 0 and now > due_at


def place(seed: UUID, id: UUID) -> bytes:
    """Where an id comes in a drawing: by SHA-256 of the seed followed by it, both as they are shown."""
    return sha256(f"{seed}{id}".encode()).digest()


def draw(seed: UUID, ids: Iterable[UUID], size: int) -> list[UUID]:
    """The first `size`, whatever order they are given in: with the seed anybody draws the same again."""
    return sorted(ids, key=lambda id: place(seed, id))[:size]


def counted_by(terms: Terms) -> list[Indicator]:
    """The indicators whose cases and visits count under these terms. Raises `Conflict` (nothing-to-audit)."""
    asked = {criterion.indicator for criterion in terms.criteria} | {floor.indicator for floor in terms.floors}
    found = [indicator for indicator in Indicator if indicator in asked & (OF_CASES | OF_VISITS)]
    if not found:
        raise Conflict("nothing-to-audit", "The standard of this campaign counts neither cases nor visits.")
    return found


def taken_out(terms: Terms, ids: Mapping[Kind, Collection[UUID]]) -> dict[str, tuple[UUID, ...]]:
    """By criterion, what is not to count for it any more: cases where it counts cases, visits where it counts visits."""
    counts = {Kind.case: OF_CASES, Kind.visit: OF_VISITS}
    return {
        criterion.code: tuple(given)
        for criterion in terms.criteria
        for kind, given in ids.items()
        if given and criterion.indicator in counts[kind]
    }


def check_outside(in_chain: bool) -> None:
    """Raises `Forbidden` (audit-in-your-chain)."""
    if in_chain:
        raise Forbidden("audit-in-your-chain", "You belong to these units, or above or below one: somebody from outside audits.")


def check_separate(*, scored: bool, signed: bool) -> None:
    """Raises `Forbidden` (auditor-has-scored, auditor-has-signed)."""
    if scored:
        raise Forbidden("auditor-has-scored", "You scored this unit in the campaign: somebody who did not has to audit it.")
    if signed:
        raise Forbidden("auditor-has-signed", "You signed this grade: somebody who did not has to audit its evidence.")


def check_free(auditor_id: UUID | None, account_id: UUID, *, overdue: bool) -> None:
    """Raises `Conflict` (audit-taken)."""
    if auditor_id not in (None, account_id) and not overdue:
        raise Conflict("audit-taken", "Somebody else checks this unit: it is free again when that is overdue.")


def check_taken(auditor_id: UUID | None, account_id: UUID) -> None:
    """Raises `Forbidden` (audit-not-yours)."""
    if auditor_id != account_id:
        raise Forbidden("audit-not-yours", "Whoever took this unit checks it: take it first, with POST .../take.")


def check_unsettled(*, settled: bool) -> None:
    """Raises `Conflict` (audit-settled)."""
    if settled:
        raise Conflict("audit-settled", "What was found of this unit is settled: it stands.")


def check_ground(finding: Finding, ground: Ground) -> None:
    """Raises `Invalid` (ground-unfit)."""
    if ground not in GROUNDS[finding]:
        fit = ", ".join(sorted(GROUNDS[finding]))
        raise Invalid("ground-unfit", f"`ground`: {finding} rests on one of {fit}.")


def check_unfound(finding: Finding | None) -> None:
    """What could not be checked may be tried again. Raises `Conflict` (found-already)."""
    if finding not in (None, Finding.cannot_be_checked):
        raise Conflict("found-already", f"This was found {finding} already: it stands.")


def check_to_settle(found: Result) -> None:
    """Raises `Conflict` (nothing-to-settle, audit-unfinished)."""
    if not found.not_supported:
        raise Conflict("nothing-to-settle", "Nothing of this unit was found not to hold.")
    if found.open:
        raise Conflict("audit-unfinished", f"{found.open} pieces are not checked yet: settle once they are.")


def check_second(auditor_id: UUID | None, account_id: UUID) -> None:
    """Nobody alone changes what a grade rests on. Raises `Forbidden` (second-person-needed)."""
    if auditor_id == account_id:
        raise Forbidden("second-person-needed", "You found this: another inspector outside the chain settles it.")
