"""Lives of cases at random, held against a model of them: states, clocks and chains agree after every act and every wait."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from services.feedback.app import create_service
from services.feedback.cases.rules import CLOSED, TRANSITIONS, State, Verb
from services.feedback.settings import FeedbackSettings
from shared.auth import Principal
from shared.policies import Channel
from tests.feedback.case_model import OF_SPEAKER, WHERE, ModelCase
from tests.feedback.house import TREE, House, lead, official, plant, resident, unit
from tests.feedback.naive_time import NaiveCalendar
from tests.feedback.policies import CALENDARS, POLICIES, know_everything
from tests.feedback.work import work
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases

PARENTS = {code: parent for code, parent, _ in TREE}
WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "acknowledge": ("acknowledge", {}),
    "ask": ("ask", {"text": "Which lamp is it?"}),
    "answer": ("answer", {"text": "It is mended."}),
    "say": ("messages", {"text": "We are on it."}),
    "reject": ("reject", {"reason": "It is not ours."}),
    "write": ("messages", {"text": "And the other one?"}),
    "confirm": ("confirm", {"resolved": True}),
    "refuse": ("confirm", {"resolved": False}),
    "reopen": ("reopen", {"reason": "Dark again."}),
    "withdraw": ("withdraw", {}),
    "appeal": ("appeal", {"reason": "It is yours."}),
    "uphold": ("appeal/decide", {"decision": "uphold", "reason": "It is not."}),
    "overturn": ("appeal/decide", {"decision": "overturn", "reason": "It is."}),
}


@cache
def naive(code: str | None) -> NaiveCalendar:
    return NaiveCalendar(CALENDARS[code] if code else None)


def above(code: str, about: str | None) -> list[str]:
    chain: list[str] = []
    parent = PARENTS[code]
    while parent is not None:
        chain.append(parent)
        parent = PARENTS[parent]
    return chain[chain.index(about) + 1 :] if about in chain else chain


class Stage:
    """One service for all lives; each has a case of its own."""

    def __init__(self, runner: asyncio.Runner, house: House) -> None:
        self.run: Callable[[Any], Any] = runner.run
        self.house = house


@pytest.fixture
def stage(databases: Databases) -> Iterator[Stage]:
    with _stage(databases.fresh("feedback")) as made:
        yield made


@contextmanager
def _stage(url: str) -> Iterator[Stage]:
    clock = ManualClock(datetime(2026, 3, 20, 9, 40, 15, tzinfo=UTC))
    service = create_service(FeedbackSettings(database_url=url), clock=clock)
    house = House(service, ServiceClient(service), clock)

    async def begin() -> Any:
        opened = service.open()
        await opened.__aenter__()
        await plant(service)
        await know_everything(service)
        return opened

    with asyncio.Runner() as runner:
        opened = runner.run(begin())
        yield Stage(runner, house)
        runner.run(opened.__aexit__(None, None, None))


class Life(RuleBasedStateMachine):
    stage: Stage

    @initialize(
        channel=st.sampled_from(Channel),
        to=st.sampled_from(["village", "township"]),
        about=st.sampled_from([None, None, "county", "township"]),
        anonymous=st.booleans(),
        later=st.integers(0, 60 * 24 * 200),
    )
    def open(self, channel: Channel, to: str, about: str | None, anonymous: bool, later: int) -> None:
        house = self.stage.house
        house.clock._now = datetime(2026, 3, 20, 9, 40, 15, tzinfo=UTC) + timedelta(minutes=later)
        house.speaker = resident()
        self.stage.run(house.rows("TRUNCATE cases, outbox CASCADE"))
        said: dict[str, Any] = {"channel": channel, "unit_id": unit(to), "protection": "anonymous" if anonymous else "named"}
        if about:
            said["about"] = [str(unit(about))]
        filed = self.stage.run(house.submit(**said))
        self.case_id, self.receipt = UUID(filed["case_id"]), filed["receipt"]
        self.about = about
        owner, *_ = [to, *above(to, None)] if about is None else above(about, None)
        policy = POLICIES[channel]
        self.model = ModelCase(
            owner, house.clock(), policy, naive(policy.calendar_code), lambda code: above(code, self.about), anonymous=anonymous
        )
        self.compare()

    @rule(minutes=st.integers(1, 60 * 24 * 12))
    def wait(self, minutes: int) -> None:
        self.pass_until(self.stage.house.clock() + timedelta(minutes=minutes))

    @precondition(lambda self: self.model.next_due() is not None)
    @rule(early=st.sampled_from([0, 1, 3601]))
    def wait_for_what_is_due(self, early: int) -> None:
        due = self.model.next_due()
        assert due is not None
        self.pass_until(max(due - timedelta(seconds=early), self.stage.house.clock()))

    @rule(act=st.sampled_from([act for act in WHERE if act != "hand_over"]))
    def try_anything(self, act: str) -> None:
        self.act(act)

    @rule(data=st.data())
    def do_what_is_possible(self, data: st.DataObject) -> None:
        possible = [act for act in WHERE if act != "hand_over" and self.model.can(act)]
        if possible:
            self.act(data.draw(st.sampled_from(possible)))

    @rule(to=st.sampled_from(["village", "neighbour", "county", "elsewhere"]))
    def hand_over(self, to: str) -> None:
        blamed = self.about is not None and self.about in (to, *above(to, None))
        allowed = self.model.can("hand_over") and to != self.model.unit and not blamed
        body = {"unit_id": str(unit(to)), "reason": "It is theirs."}
        answer = self.send("hand-over", body, official(self.model.unit))
        assert (answer.status_code == 200) is allowed, answer.text
        if allowed:
            self.model.act("hand_over", to)
        self.pass_until(self.stage.house.clock())

    @precondition(lambda self: self.model.steps)
    @rule(data=st.data())
    def acknowledge_a_step(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.model.steps) - 1))
        step = self.model.steps[index]
        statement = "SELECT id, acknowledged_at FROM escalation_steps WHERE (case_id, cause, round, step) = ($1, $2, $3, $4)"
        (row,) = self.stage.run(self.stage.house.rows(statement, self.case_id, step.cause, step.round, step.step))
        path = f"/v1/escalations/{row['id']}/acknowledge"
        answer = self.stage.run(self.stage.house.client.post(path, caller=official(step.unit), json={}))
        assert answer.status_code == (409 if row["acknowledged_at"] else 200), answer.text
        if answer.status_code == 200:
            self.model.acknowledge_step(index)
        self.pass_until(self.stage.house.clock())

    def act(self, act: str) -> None:
        allowed = self.model.can(act)
        verb, body = WORDS[act]
        answer = self.send(verb, body, self.actor(act))
        assert (answer.status_code < 300) is allowed, (act, self.model.state, answer.text)
        assert allowed or answer.status_code in (403, 409), answer.text
        if allowed:
            self.model.act(act)
        self.pass_until(self.stage.house.clock())

    def actor(self, act: str) -> Principal:
        if act in OF_SPEAKER:
            return self.stage.house.speaker
        if act in ("uphold", "overturn"):
            return lead(self.model.deciding or "province")
        return official(self.model.unit)

    def send(self, verb: str, body: dict[str, Any], caller: Principal) -> Any:
        if caller is self.stage.house.speaker and self.receipt:
            return self.stage.run(self.stage.house.receipt(verb, {"receipt": self.receipt, **body}))
        return self.stage.run(self.stage.house.try_do(str(self.case_id), verb, body, caller=caller))

    def pass_until(self, moment: datetime) -> None:
        """The jobs run at each moment at which something is due, and once then."""
        house = self.stage.house
        while (due := self.model.next_due()) is not None and due <= moment:
            house.clock._now = max(house.clock(), due)
            self.model.pass_until(house.clock())
            self.stage.run(work(house.service))
        house.clock._now = moment
        self.model.pass_until(moment)
        self.stage.run(work(house.service))
        self.compare()

    def compare(self) -> None:
        found = self.stage.run(self.found())
        model = self.model
        clocks = {
            (clock.kind, clock.round): (
                clock.started_at,
                clock.due_at,
                clock.paused_at,
                clock.met_at,
                clock.breached_at,
                clock.stopped_at,
            )
            for clock in model.clocks
        }
        steps = {(step.cause, step.round, step.step, unit(step.unit), step.at) for step in model.steps}
        chains = {(chain.cause, chain.round): chain.next_at for chain in model.chains}
        assert found["state"] == model.state
        assert found["clocks"] == clocks
        assert found["steps"] == steps
        assert found["chains"] == chains
        assert found["windows"] == (model.judge_until, model.reopenable_until if model.state in WHERE["reopen"] else None)
        if model.state in ("answered", "confirmed_resolved", "closed_unconfirmed"):
            assert model.answers_since_opened > 0, "closed without an answer"

    async def found(self) -> dict[str, Any]:
        house, case_id = self.stage.house, self.case_id
        clocks = "kind, round, started_at, due_at, paused_at, met_at, breached_at, stopped_at FROM case_clocks"
        steps = "cause, round, step, unit_id, notified_at FROM escalation_steps"
        (case,) = await house.rows("SELECT state, judge_until, reopenable_until FROM cases WHERE id = $1", case_id)
        rows = [await house.rows(f"SELECT {what} WHERE case_id = $1", case_id) for what in (clocks, steps)]
        chains = await house.rows("SELECT cause, round, next_at FROM escalation_chains WHERE case_id = $1", case_id)
        told = await house.rows("SELECT data FROM outbox WHERE key = $1 AND type LIKE '%case.escalated.v2'", case_id)
        events = [json.loads(row["data"]) for row in told]
        assert sorted((event["cause"], event["round"], event["step"]) for event in events) == sorted(
            tuple(row)[:3] for row in rows[1]
        ), "each step is told once"
        return {
            "state": case["state"],
            "clocks": {tuple(row)[:2]: tuple(row)[2:] for row in rows[0]},
            "steps": {tuple(row) for row in rows[1]},
            "chains": {tuple(row)[:2]: row["next_at"] for row in chains},
            "windows": (case["judge_until"], case["reopenable_until"]),
        }


@pytest.mark.slow
def test_lives_of_cases_go_as_the_model_says(stage: Stage) -> None:
    made = type("Life", (Life,), {"stage": stage})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
        ),
    )


def reachable(start: State, without: Verb) -> set[State]:
    """The states that a case may come to from this one if nobody ever uses that verb."""
    found, waiting = {start}, deque([start])
    while waiting:
        state = waiting.popleft()
        for (before, verb), after in TRANSITIONS.items():
            if before is state and verb is not without and after not in found:
                found.add(after)
                waiting.append(after)
    return found


def test_nothing_closes_as_dealt_with_without_an_answer() -> None:
    """From the opening, and from every reopening anew."""
    starts = {State.received, *(after for (before, _), after in TRANSITIONS.items() if before in CLOSED and after not in CLOSED)}
    assert starts == {State.received, State.in_progress}
    for start in starts:
        assert not reachable(start, Verb.answer) & {State.answered, State.confirmed_resolved, State.closed_unconfirmed}
