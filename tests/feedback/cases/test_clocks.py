"""Which clocks run, how long by which policy and calendar, and what starts and meets the next answer's."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.policies import Channel
from shared.types import Level
from shared.working_time import WorkingHours
from tests.feedback.house import House, official, unit
from tests.feedback.policies import SHANGHAI, know_calendar, know_policy, rules, span, told_policy
from tests.feedback.work import work

CLERK = official("village")
SAID = {"text": "We are on it."}


async def clocks(house: House, case_id: str, kind: str) -> list[Any]:
    case = await house.get(f"/v1/cases/{case_id}", caller=CLERK)
    return [clock for clock in case["clocks"] if clock["kind"] == kind]


async def lasts(house: House, case_id: str, kind: str) -> list[timedelta]:
    """How long each clock of this kind has in all."""
    found = await clocks(house, case_id, kind)
    times = [(datetime.fromisoformat(clock["due_at"]), datetime.fromisoformat(clock["started_at"])) for clock in found]
    return [due_at - started_at for due_at, started_at in times]


async def test_a_newcomer_has_the_shipped_policy(house: House) -> None:
    case_id = await house.case()
    case = await house.get(f"/v1/cases/{case_id}", caller=CLERK)
    assert (case["policy_version"], case["calendar_version"]) == ("default.v1", None)
    assert {clock["kind"]: clock["counted_in"] for clock in case["clocks"]} == {
        "acknowledgement": "days",
        "first_answer": "days",
        "resolution": "days",
    }


async def test_the_channel_and_the_level_choose_the_policy(house: House) -> None:
    said = rules(deadlines={"acknowledgement": span(5, "hours")})
    await know_policy(house.service, said, code="county", level=Level.county)
    assert await lasts(house, await house.case(channel="emotional"), "acknowledgement") == [timedelta(days=3)]
    assert await lasts(house, await house.case(), "acknowledgement") == [timedelta(days=7)]
    filed = await house.submit(unit_id=unit("county"))
    case = await house.get(f"/v1/cases/{filed['case_id']}", caller=official("county"))
    assert case["policy_version"] == "county.v1"
    due = datetime.fromisoformat(filed["clocks"][0]["due_at"])
    assert due == house.clock() + timedelta(hours=5)


async def test_a_policy_counts_from_its_day_and_never_for_cases_opened_before(house: House) -> None:
    tomorrow = house.clock() + timedelta(days=1)
    short = rules(
        deadlines={"acknowledgement": span(1), "resolution": span(2), "next_answer": span(3)},
        confirm_within=span(4),
        reopen_within=span(5),
    )
    await know_policy(house.service, short, code="default", version=2, effective_from=tomorrow)
    old = await house.case()
    house.clock.advance(days=1)
    new = await house.case()
    assert await lasts(house, old, "acknowledgement") == [timedelta(days=7)]
    assert await lasts(house, new, "acknowledgement") == [timedelta(days=1)]
    for case_id, judge, reopen, again, next_answer in ((old, 30, 30, 90, 14), (new, 4, 5, 2, 3)):
        case = await house.do(case_id, "answer", SAID, caller=CLERK)
        assert datetime.fromisoformat(case["judge_until"]) == house.clock() + timedelta(days=judge)
        await house.do(case_id, "messages", {"text": "And the other lamp?"}, caller=house.speaker)
        assert await lasts(house, case_id, "next_answer") == [timedelta(days=next_answer)]
        case = await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
        assert datetime.fromisoformat(case["reopenable_until"]) == house.clock() + timedelta(days=reopen)
        await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
        assert (await lasts(house, case_id, "resolution"))[1] == timedelta(days=again)
        case = await house.do(case_id, "withdraw", caller=house.speaker)
        assert datetime.fromisoformat(case["reopenable_until"]) == house.clock() + timedelta(days=reopen)


async def test_a_finding_and_an_anonymous_opinion_have_clocks_of_the_same_policies(house: House) -> None:
    await know_policy(house.service, rules(deadlines={"acknowledgement": span(5, "hours")}), channel=Channel.thought)
    filed = await house.submit(protection="anonymous", channel="thought")
    hour = house.clock().replace(minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(filed["clocks"][0]["due_at"]) == hour + timedelta(hours=5)


WORKDAYS = rules(
    deadlines={
        "acknowledgement": span(4, "working_hours"),
        "first_answer": span(2, "working_days"),
        "next_answer": span(1, "working_days"),
    },
    calendar_code="house",
)


async def working_house(house: House) -> None:
    await know_calendar(house.service, SHANGHAI)
    await know_policy(house.service, WORKDAYS, code="default", version=2)
    house.clock.advance(seconds=(datetime(2026, 4, 30, 8, 0, tzinfo=UTC) - house.clock()).total_seconds())


async def test_working_time_counts_by_the_calendar(house: House) -> None:
    """Opened on a Thursday at 16:00 in Shanghai, before a holiday and a weekend."""
    await working_house(house)
    filed = await house.submit()
    due = {clock["kind"]: datetime.fromisoformat(clock["due_at"]) for clock in filed["clocks"]}
    assert due["acknowledgement"] == datetime(2026, 5, 4, 3, 30, tzinfo=UTC)
    assert due["first_answer"].date().isoformat() == "2026-05-05"
    assert due["resolution"] == house.clock() + timedelta(days=90)


async def test_a_pause_leaves_as_much_working_time_as_there_was(house: House) -> None:
    """The first answer's two working days stand still from Thursday 17:00 to Monday 11:00 in Shanghai: two hours and a half of
    working time, so what was due on Tuesday at 16:00 is due on Wednesday at 10:00."""
    await working_house(house)
    case_id = await house.case()
    (before,) = await clocks(house, case_id, "first_answer")
    assert datetime.fromisoformat(before["due_at"]) == datetime(2026, 5, 5, 8, 0, tzinfo=UTC)
    house.clock.advance(hours=1)
    await house.do(case_id, "ask", SAID, caller=CLERK)
    house.clock.advance(days=3, hours=18)
    await house.do(case_id, "messages", {"text": "This one."}, caller=house.speaker)
    (after,) = await clocks(house, case_id, "first_answer")
    assert datetime.fromisoformat(after["due_at"]) == datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
    assert after["paused_total_s"] == (3 * 24 + 18) * 3600


async def test_a_newer_calendar_moves_nothing_of_a_case_that_runs(house: House) -> None:
    await working_house(house)
    case_id = await house.case()
    closed = WorkingHours.model_validate({**SHANGHAI.model_dump(mode="json"), "holidays": ["2026-05-01", "2026-05-04"]})
    await know_calendar(house.service, closed, version=2)
    case = await house.get(f"/v1/cases/{case_id}", caller=CLERK)
    assert case["calendar_version"] == 1
    await house.do(case_id, "answer", SAID, caller=CLERK)
    await house.do(case_id, "messages", {"text": "And?"}, caller=house.speaker)
    (next_answer,) = await clocks(house, case_id, "next_answer")
    assert datetime.fromisoformat(next_answer["due_at"]).date().isoformat() == "2026-05-04"
    later = await house.case()
    assert (await house.get(f"/v1/cases/{later}", caller=CLERK))["calendar_version"] == 2
    assert (await clocks(house, later, "first_answer"))[0]["due_at"] > (await clocks(house, case_id, "first_answer"))[0]["due_at"]


async def test_a_policy_whose_calendar_is_not_known_is_not_used(house: House) -> None:
    await house.service.consumer.deliver([told_policy(WORKDAYS, code="default", version=2)])
    await know_policy(house.service, rules(), code="after", level=Level.county)
    case = await house.get(f"/v1/cases/{await house.case()}", caller=CLERK)
    assert case["policy_version"] == "default.v1"
    await know_calendar(house.service, SHANGHAI)
    case = await house.get(f"/v1/cases/{await house.case()}", caller=CLERK)
    assert case["policy_version"] == "default.v2"


Speak = Callable[[House, str], Awaitable[Any]]


async def write(house: House, case_id: str) -> None:
    await house.do(case_id, "messages", {"text": "And the other lamp?"}, caller=house.speaker)


async def refuse(house: House, case_id: str) -> None:
    await house.do(case_id, "confirm", {"resolved": False}, caller=house.speaker)


@pytest.mark.parametrize("speak", [write, refuse])
async def test_the_speakers_word_after_an_answer_asks_for_the_next(house: House, speak: Speak) -> None:
    case_id = await house.answered()
    assert await clocks(house, case_id, "next_answer") == []
    house.clock.advance(days=1)
    await speak(house, case_id)
    assert await lasts(house, case_id, "next_answer") == [timedelta(days=14)]
    house.clock.advance(days=14)
    await work(house.service)
    assert (await clocks(house, case_id, "next_answer"))[0]["breached_at"]
    told = [json.loads(data) for type, data in await house.events(case_id) if type == "case.escalated"]
    assert [event["cause"] for event in told] == ["next_answer"]


async def test_before_the_first_answer_a_message_asks_for_no_other(house: House) -> None:
    case_id = await house.case()
    await write(house, case_id)
    assert await clocks(house, case_id, "next_answer") == []


async def test_one_next_answer_is_owed_at_a_time(house: House) -> None:
    case_id = await house.answered()
    for _ in range(2):
        await write(house, case_id)
        house.clock.advance(days=1)
    house.clock.advance(days=14)
    await work(house.service)
    await write(house, case_id)
    assert [clock["round"] for clock in await clocks(house, case_id, "next_answer")] == [0]


@pytest.mark.parametrize(("verb", "state"), [("answer", "answered"), ("messages", "answered"), ("messages", "in_progress")])
async def test_the_units_word_is_the_next_answer(house: House, verb: str, state: str) -> None:
    case_id = await house.answered()
    await (write if state == "answered" else refuse)(house, case_id)
    house.clock.advance(days=1)
    await house.do(case_id, verb, SAID, caller=CLERK)
    (first,) = await clocks(house, case_id, "next_answer")
    assert datetime.fromisoformat(first["met_at"]) == house.clock()
    await write(house, case_id)
    assert [(clock["round"], bool(clock["met_at"])) for clock in await clocks(house, case_id, "next_answer")] == [
        (0, True),
        (1, False),
    ]


async def test_a_question_is_the_next_answer_and_its_reply_asks_for_another(house: House) -> None:
    case_id = await house.answered()
    await refuse(house, case_id)
    await house.do(case_id, "ask", SAID, caller=CLERK)
    (first,) = await clocks(house, case_id, "next_answer")
    assert (first["met_at"] is not None, first["paused_at"]) == (True, None)
    house.clock.advance(days=5)
    await write(house, case_id)
    _, second = await clocks(house, case_id, "next_answer")
    assert (second["round"], datetime.fromisoformat(second["started_at"])) == (1, house.clock())


async def test_the_end_of_a_case_stops_the_next_answer_and_reopening_starts_anew(house: House) -> None:
    """What was breached before the end is not owed any more after it."""
    case_id = await house.answered()
    await refuse(house, case_id)
    house.clock.advance(days=14)
    await work(house.service)
    await house.do(case_id, "withdraw", caller=house.speaker)
    (first,) = await clocks(house, case_id, "next_answer")
    assert first["stopped_at"]
    await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
    await write(house, case_id)
    found = await clocks(house, case_id, "next_answer")
    assert [(clock["round"], bool(clock["stopped_at"])) for clock in found] == [(0, True), (1, False)]


async def test_an_anonymous_speakers_word_starts_its_clock_at_the_hour(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    await house.do(filed["case_id"], "answer", SAID, caller=CLERK)
    house.clock.advance(hours=30, minutes=7)
    answer = await house.receipt("messages", {"receipt": filed["receipt"], "text": "And the other lamp?"})
    assert answer.status_code == 201
    (clock,) = await clocks(house, filed["case_id"], "next_answer")
    hour = house.clock().replace(minute=0, second=0, microsecond=0)
    assert (datetime.fromisoformat(clock["started_at"]), datetime.fromisoformat(clock["due_at"])) == (
        hour,
        hour + timedelta(days=14),
    )
