"""Simulations as they are asked for and shown."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import reduce
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.policies.schemas import PolicyIn
from services.assessment.simulations.rules import MOST_UNITS, Clock, Counts
from shared.types import Day, In, Level, Out
from shared.units import UnitDirectory


class SimulationIn(In):
    policy: PolicyIn = Field(description="As for registering; it is replayed as if it had been in effect throughout.")
    since: Day = Field(description="The first day, in UTC, whose opened cases are replayed.")
    until: Day = Field(description="The last one.")
    unit_id: UUID | None = Field(None, description="Only cases of this unit and those below it; left out: all that you oversee.")


class ClockOut(Out):
    clock: Clock
    cases: int = Field(description="Replayed.")
    breached_then: int
    would_breach: int
    newly_breached: int
    newly_kept: int
    paused: int = Field(description="Not replayed: the clock stood still, and for how long is not kept.")
    reopened: int = Field(description="Not replayed: the clock ran again after a reopening.")


class LevelOut(Out):
    level: Level
    clocks: list[ClockOut]


class UnitOut(Out):
    unit_id: UUID
    code: str
    clocks: list[ClockOut]


class SimulationOut(Out):
    label: str = Field(description="What the policy would be called, were it registered now.")
    since: date
    until: date
    unit_id: UUID | None
    cases: int = Field(description="Cases that would have been opened under it.")
    cases_not_known: int = Field(description="Opened in the span before their channel was kept, so in no other figure.")
    clocks: list[ClockOut]
    levels: list[LevelOut]
    units: list[UnitOut] = Field(description=f"The {MOST_UNITS} units for which most would differ.")
    not_replayed: list[str] = Field(description="What a replay leaves out.")

    @classmethod
    def of(
        cls,
        asked: SimulationIn,
        unit_id: UUID | None,
        label: str,
        counts: Mapping[UUID, Counts],
        units: UnitDirectory,
        cases: int,
        cases_not_known: int,
    ) -> Self:
        known = {unit.id: unit for unit in map(units.get, counts) if unit is not None}
        by_level: dict[Level, Counts] = {}
        for id, unit in known.items():
            by_level[unit.level] = by_level.get(unit.level, Counts()).plus(counts[id])
        most = sorted(known.values(), key=lambda unit: (-counts[unit.id].changed, unit.code))[:MOST_UNITS]
        return cls(
            label=label,
            since=asked.since,
            until=asked.until,
            unit_id=unit_id,
            cases=cases,
            cases_not_known=cases_not_known,
            clocks=_clocks(reduce(Counts.plus, counts.values(), Counts())),
            levels=[LevelOut(level=level, clocks=_clocks(by_level[level])) for level in Level if level in by_level],
            units=[UnitOut(unit_id=unit.id, code=unit.code, clocks=_clocks(counts[unit.id])) for unit in most],
            not_replayed=NOT_REPLAYED,
        )


NOT_REPLAYED = [
    "Clocks that start after the opening: next answers, appeals, and those of reopened cases.",
    "Clocks that stood still while a unit waited for the resident: for how long is not kept.",
    "What units would have done otherwise with another deadline.",
    "Hand-overs: a case counts for the unit that owes it now.",
]


def _clocks(counts: Counts) -> list[ClockOut]:
    return [ClockOut.model_validate({"clock": clock, **asdict(count)}) for clock, count in counts.of.items()]
