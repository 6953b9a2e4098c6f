"""A year of a province: every duty that is not done climbs once per step, to the right unit, at the right minute.

The service lives through it under a fake clock on a real PostgreSQL; its jobs run when something is due. Afterwards a model of
one case (`tests/feedback/case_model.py`), which knows no database and counts working time slot by slot, lives through each case's
history of acts by itself, and must come to the same.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.feedback.app import create_service
from services.feedback.escalations.actions.acknowledging import acknowledge_escalation
from services.feedback.settings import FeedbackSettings
from shared.auth import ANONYMOUS, Role
from shared.errors import Conflict, Invalid
from shared.policies import Channel
from shared.service import Service
from shared.units import KnownUnit
from tests.feedback.case_model import ModelCase
from tests.feedback.naive_time import NaiveCalendar
from tests.feedback.policies import CALENDARS, POLICIES, know_everything
from tests.simulation.town import CODES, LEVELS, PARENTS, START, Life, Town, Tried, above, chance, deed, unit
from tests.support.callers import ServiceClient, principal
from tests.support.clock import ManualClock
from tests.support.databases import Databases

CASES, DAYS, SEED = 2_000, 365, 2026
AT_ONCE = 8
DUE = """
SELECT (SELECT min(due_at) FROM case_clocks
        WHERE met_at IS NULL AND breached_at IS NULL AND paused_at IS NULL AND stopped_at IS NULL),
    (SELECT min(next_at) FROM escalation_chains WHERE next_at IS NOT NULL),
    (SELECT min(judge_until) FROM cases WHERE judge_until IS NOT NULL)
"""
WATCHES = ("deadlines", "escalations", "judgements")
"""The jobs, in the order of `DUE`."""
STEPS = "SELECT id, case_id, cause, round, step, unit_id, notified_at FROM escalation_steps WHERE notified_at >= $1"


class Year:
    def __init__(self, service: Service, clock: ManualClock) -> None:
        self.service, self.clock = service, clock
        self.town, self.random = Town(), Random(SEED)
        self.seen: set[UUID] = set()
        self.lives: dict[UUID, Life] = {}
        self.client = ServiceClient(service)
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def pass_by(self) -> None:
        end = START + timedelta(days=DAYS)
        openings = sorted(self._openings())
        while (moment := self._next(openings)) is not None and moment < end:
            await self._work_until(moment)
            while openings and openings[0] <= moment:
                openings.pop(0)
                await self._open(moment)
            await asyncio.gather(*(self._do_all(deeds) for deeds in self.town.due(moment).values()))
            await self._work_until(moment)
        await self._work_until(end)

    def _openings(self) -> list[datetime]:
        return [START + timedelta(days=self.random.randrange(DAYS - 30)) for _ in range(CASES)]

    def _next(self, openings: Sequence[datetime]) -> datetime | None:
        return min(filter(None, (self.town.next(), openings[0] if openings else None)), default=None)

    async def _work_until(self, moment: datetime) -> None:
        """A worker that looks all the time: the first of the jobs that has something due runs, again and again."""
        while True:
            due = await self.service.database.pool.fetchrow(DUE)
            assert due is not None
            first = min(filter(None, due), default=None)
            if first is None or first > moment:
                break
            self.clock.advance(seconds=max((first - self.clock()).total_seconds(), 0))
            number = next(number for number, at in enumerate(due) if at is not None and at <= self.clock())
            job = next(job for job in self.service.jobs if job.name == WATCHES[number])
            await job.run(self.service.works)
            if number == 1:
                await self._plan_acknowledgements()
        self.clock.advance(seconds=(moment - self.clock()).total_seconds())

    async def _plan_acknowledgements(self) -> None:
        rows = await self.service.database.pool.fetch(STEPS + " ORDER BY case_id, cause, round, step", self.clock())
        for row in rows:
            life = self.lives[row["case_id"]]
            if row["id"] not in self.seen and chance(life, 0.06):
                step = f"{row['id']} {row['cause']} {row['round']} {row['step']} {CODES[row['unit_id']]}"
                self.town.later(life, self.clock(), (0, 12), "acknowledge_step", step)
            self.seen.add(row["id"])

    async def _open(self, now: datetime) -> None:
        random = self.random
        to, anonymous = random.choice(sorted(PARENTS)[1:]), random.random() < 0.02
        about = random.choice(above(to)[:-1]) if random.random() < 0.08 and above(to)[:-1] else None
        speaker, channel = principal(Role.resident), random.choice(list(Channel))
        said = {
            "channel": channel,
            "title": "A lamp",
            "body": "It is dark.",
            "unit_id": str(unit(to)),
            "protection": "anonymous" if anonymous else "named",
            "about": [str(unit(about))] if about else [],
        }
        answer = await self.client.post("/v1/opinions", caller=ANONYMOUS if anonymous else speaker, json=said)
        assert answer.status_code == 201, answer.text
        owner, *_ = above(about) if about else [to]
        case_id = UUID(answer.json()["case_id"])
        life = Life(case_id, channel, about, anonymous, speaker, now, owner, random=Random(random.random()))
        self.lives[case_id] = life
        self.town.react(life, now)

    async def _do_all(self, deeds: Sequence[tuple[Life, str, str]]) -> None:
        for life, act, to in deeds:
            async with self.turns:
                if act == "acknowledge_step":
                    await self._acknowledge_step(life, to)
                else:
                    await self._do(life, act, to)

    async def _do(self, life: Life, act: str, to: str) -> None:
        """One act in one transaction, as the API would do it. What the service refuses changes nothing."""
        now = self.clock()
        try:
            async with self.service.works.begin() as uow:
                answer = await deed(life, act, to)(uow)
        except (Conflict, Invalid):
            life.tried.append(Tried(now, act, False, to))
            return
        life.tried.append(Tried(now, act, True, to))
        self._follow(life, act, to, answer, now)

    def _follow(self, life: Life, act: str, to: str, answer: Any, now: datetime) -> None:
        before = life.state
        if act == "hand_over":
            life.unit = to
        if act == "write" and life.state == "waiting_resident":
            life.state = "in_progress"
        life.state = getattr(answer, "state", life.state)
        if act == "appeal" and chance(life, 0.8):
            decision = life.random.choice(("uphold", "overturn"))
            self.town.later(life, now, (3, 70), decision, above(life.unit, life.about)[0])
        if life.state != before:
            self.town.react(life, now)

    async def _acknowledge_step(self, life: Life, step: str) -> None:
        id, cause, round, number, code = step.split()
        async with self.service.works.begin() as uow:
            await acknowledge_escalation(uow, principal(Role.official, unit(code)), UUID(id))
        life.tried.append(Tried(self.clock(), "acknowledge_step", True, step=(cause, int(round), int(number))))


Told = tuple[str, int, int, str, datetime]
"""Cause, round, step, unit and moment."""


def expected(life: Life, end: datetime) -> set[Told]:
    """What the model makes of the case's history."""
    policy = POLICIES[life.channel]
    calendar = CALENDAR_OF[life.channel]
    first = life.first_unit
    model = ModelCase(first, life.opened_at, policy, calendar, lambda code: above(code, life.about), anonymous=life.anonymous)
    for tried in life.tried:
        model.pass_until(tried.at)
        if tried.step is not None:
            names = [(step.cause, step.round, step.step) for step in model.steps]
            model.acknowledge_step(names.index(tried.step))
            continue
        possible = model.can(tried.act) and not (tried.act == "hand_over" and not _may_receive(life, model.unit, tried.to))
        assert possible is tried.done, (life, tried, model.state)
        if tried.done:
            model.act(tried.act, tried.to)
        model.pass_until(tried.at)
    model.pass_until(end)
    return {(step.cause, step.round, step.step, step.unit, step.at) for step in model.steps}


def _may_receive(life: Life, owner: str, to: str) -> bool:
    return to != owner and life.about not in (to, *above(to))


CALENDAR_OF: dict[Channel, NaiveCalendar] = {}


async def plant(service: Service) -> None:
    async with service.works.begin() as uow:
        for code, parent in PARENTS.items():
            level = LEVELS[code.partition("-")[0]]
            known = KnownUnit(unit(code), unit(parent) if parent else None, code, code, level, code, version=1)
            await uow.know_unit(known)


@pytest.mark.slow
async def test_every_breach_of_a_year_climbs_once_per_step_to_the_right_unit_at_the_right_minute(databases: Databases) -> None:
    assert len(PARENTS) == 20
    clock = ManualClock(START)
    service = create_service(FeedbackSettings(database_url=databases.fresh("feedback")), clock=clock)
    async with service.open():
        await plant(service)
        await know_everything(service)
        year = Year(service, clock)
        await year.pass_by()
        rows = await service.database.pool.fetch(STEPS, START)
        breaches = await service.database.pool.fetchval("SELECT count(*) FROM case_clocks WHERE breached_at IS NOT NULL")
        events = await service.database.pool.fetchval("SELECT count(*) FROM outbox WHERE type LIKE '%case.escalated.v2'")
        closed = await service.database.pool.fetch(
            "SELECT id FROM cases WHERE state IN ('confirmed_resolved', 'closed_unconfirmed')"
        )
        answered = await service.database.pool.fetch("SELECT DISTINCT case_id FROM case_history WHERE verb = 'answer'")
    found: dict[UUID, list[Told]] = {case_id: [] for case_id in year.lives}
    for row in rows:
        found[row["case_id"]].append((row["cause"], row["round"], row["step"], CODES[row["unit_id"]], row["notified_at"]))
    naive = {
        code: NaiveCalendar(CALENDARS[code] if code else None) for code in {said.calendar_code for said in POLICIES.values()}
    }
    CALENDAR_OF.update({channel: naive[said.calendar_code] for channel, said in POLICIES.items()})
    for case_id, life in year.lives.items():
        assert len(found[case_id]) == len(set(found[case_id]))
        assert set(found[case_id]) == expected(life, clock()), life
    assert len(rows) == events
    assert {row["id"] for row in closed} <= {row["case_id"] for row in answered}
    _assert_eventful(year, [row["cause"] for row in rows], breaches)


def _assert_eventful(year: Year, causes: Sequence[str], breaches: int) -> None:
    """A year in which nothing happens would prove nothing."""
    assert len(year.lives) == CASES
    assert breaches > CASES / 4
    assert {cause for cause, times in Counter(causes).items() if times >= 5} == {
        "acknowledgement",
        "first_answer",
        "next_answer",
        "resolution",
        "appeal",
        "reopening",
    }
    done = Counter(tried.act for life in year.lives.values() for tried in life.tried if tried.done)
    assert min(done.values()) >= 10, done
    assert len(done) == 15, done
