"""What a unit says in a case it says in every open case that is merged into it."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.auth import Principal
from tests.feedback.house import House, admin, official, resident

CLERK = official("village")


class Merged:
    """A main case, and three that are merged into it: one by name, one in confidence, one anonymous."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.speakers = {protection: resident() for protection in ("named", "confidential")}

    async def file(self) -> "Merged":
        self.main = await self.house.case()
        self.followers: dict[str, str] = {}
        for protection in ("named", "confidential", "anonymous"):
            filed = await self.house.submit(protection=protection, caller=self.speakers.get(protection))
            self.followers[protection] = filed["case_id"]
            self.receipt = filed["receipt"]
            said = {"into_case_id": self.main, "reason": "The same lamp."}
            await self.house.do(filed["case_id"], "merge", said, caller=CLERK)
        return self

    @property
    def all(self) -> list[str]:
        return [self.main, *self.followers.values()]

    async def thread(self, case_id: str) -> list[tuple[str, str]]:
        page = await self.house.get(f"/v1/cases/{case_id}/messages", caller=CLERK)
        return [(message["kind"], message["text"]) for message in page["items"]]

    async def states(self) -> list[str]:
        return [(await self.case(case_id))["state"] for case_id in self.all]

    async def case(self, case_id: str, caller: Principal | None = None) -> Any:
        return await self.house.get(f"/v1/cases/{case_id}", caller=caller or admin())


@pytest.fixture
async def merged(house: House) -> Merged:
    return await Merged(house).file()


@pytest.mark.parametrize(
    ("verb", "said", "kind", "state", "event"),
    [
        ("messages", {"text": "On its way."}, "message", "received", "case-message.added"),
        ("ask", {"text": "On its way."}, "question", "waiting_resident", "case-question.asked"),
        ("answer", {"text": "On its way."}, "answer", "answered", "case.answered"),
        ("reject", {"reason": "On its way."}, "rejection", "rejected", "case.rejected"),
    ],
)
async def test_every_speaker_is_told_what_the_main_case_was_told(
    merged: Merged, verb: str, said: dict[str, str], kind: str, state: str, event: str
) -> None:
    await merged.house.do(merged.main, verb, said, caller=CLERK)
    assert await merged.states() == [state] * 4
    for case_id in merged.all:
        assert await merged.thread(case_id) == [(kind, "On its way.")]
        assert (await merged.house.told(case_id)).count(event) == 1
        told = [json.loads(data) for type, data in await merged.house.events(case_id) if type == event]
        assert told[0]["case_id"] == case_id


async def test_a_speakers_word_stays_in_its_own_case(merged: Merged) -> None:
    await merged.house.do(merged.main, "messages", {"text": "Mine."}, caller=merged.house.speaker)
    confidential = merged.followers["confidential"]
    await merged.house.do(confidential, "messages", {"text": "And mine."}, caller=merged.speakers["confidential"])
    assert await merged.thread(merged.main) == [("message", "Mine.")]
    assert await merged.thread(confidential) == [("message", "And mine.")]
    assert await merged.thread(merged.followers["named"]) == []


async def test_a_case_that_does_not_take_the_verb_is_left_as_it_is(merged: Merged) -> None:
    """One speaker has withdrawn, the others still have a question to answer: a second one reaches those who can be asked."""
    await merged.house.do(merged.followers["named"], "withdraw", {}, caller=merged.speakers["named"])
    await merged.house.do(merged.main, "ask", {"text": "Which lamp?"}, caller=CLERK)
    await merged.house.do(merged.main, "messages", {"text": "That one."}, caller=merged.house.speaker)
    await merged.house.do(merged.main, "ask", {"text": "Which well?"}, caller=CLERK)
    asked = [("question", "Which lamp?")]
    assert await merged.thread(merged.followers["named"]) == []
    assert await merged.thread(merged.followers["confidential"]) == asked
    assert await merged.thread(merged.main) == [*asked, ("message", "That one."), ("question", "Which well?")]


async def test_each_case_keeps_its_own_clocks(merged: Merged) -> None:
    house = merged.house
    house.clock.advance(days=1)
    await house.do(merged.main, "ask", {"text": "Which lamp?"}, caller=CLERK)
    house.clock.advance(days=4)
    await house.do(merged.followers["named"], "messages", {"text": "That one."}, caller=merged.speakers["named"])
    due = {case_id: await first_answer(merged, case_id) for case_id in merged.all}
    named = due.pop(merged.followers["named"])
    assert named["paused_at"] is None
    assert named["paused_total_s"] == timedelta(days=4).total_seconds()
    assert all(clock["paused_at"] for clock in due.values())
    await house.do(merged.main, "answer", {"text": "Mended."}, caller=CLERK)
    assert all([(await first_answer(merged, case_id))["met_at"] for case_id in merged.all])


async def first_answer(merged: Merged, case_id: str) -> Any:
    clocks = (await merged.case(case_id))["clocks"]
    return next(clock for clock in clocks if clock["kind"] == "first_answer")


async def test_the_units_act_is_not_coarse_in_an_anonymous_case(merged: Merged) -> None:
    await merged.house.do(merged.main, "answer", {"text": "Mended."}, caller=CLERK)
    anonymous = merged.followers["anonymous"]
    page = await merged.house.get(f"/v1/cases/{anonymous}/messages", caller=CLERK)
    assert datetime.fromisoformat(page["items"][0]["added_at"]) == merged.house.clock()
    assert datetime.fromisoformat((await merged.case(anonymous))["opened_at"]).minute == 0
    answer = await merged.house.receipt("messages", {"receipt": merged.receipt, "text": "Seen."})
    assert datetime.fromisoformat(answer.json()["added_at"]).minute == 0


async def test_each_speaker_judges_for_itself(merged: Merged) -> None:
    await merged.house.do(merged.main, "answer", {"text": "Mended."}, caller=CLERK)
    await merged.house.do(merged.main, "confirm", {"resolved": True}, caller=merged.house.speaker)
    await merged.house.do(merged.followers["named"], "confirm", {"resolved": False}, caller=merged.speakers["named"])
    assert await merged.states() == ["confirmed_resolved", "in_progress", "answered", "answered"]


async def test_what_a_speaker_wrote_stays_unread_when_the_main_case_is_answered(merged: Merged) -> None:
    named, confidential = merged.followers["named"], merged.followers["confidential"]
    await merged.house.do(named, "messages", {"text": "Listen."}, caller=merged.speakers["named"])
    await merged.house.do(merged.main, "messages", {"text": "On its way."}, caller=CLERK)
    assert (await merged.case(named, CLERK))["unread"] == 2
    assert (await merged.case(confidential, CLERK))["unread"] == 0
    assert (await merged.case(confidential, merged.speakers["confidential"]))["unread"] == 1


async def test_a_unit_writes_to_one_speaker_alone_in_its_own_case(merged: Merged) -> None:
    named = merged.followers["named"]
    await merged.house.do(named, "messages", {"text": "To you alone."}, caller=CLERK)
    assert await merged.thread(named) == [("message", "To you alone.")]
    assert await merged.thread(merged.main) == []
    answer = await merged.house.try_do(named, "answer", {"text": "Mended."}, caller=CLERK)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:case-merged")


async def told_by_receipt(merged: Merged) -> tuple[bool, list[tuple[str, str | None]], list[str]]:
    """What the holder of the receipt sees: whether it is merged, what was done and why, and what was said."""
    opened = (await merged.house.receipt("open", {"receipt": merged.receipt})).json()
    acts = [(entry["verb"], entry["reason"]) for entry in opened["timeline"]]
    return opened["case"]["merged"], acts, [message["text"] for message in opened["messages"]]


async def test_an_anonymous_speaker_is_told_by_the_receipt_as_others_are_by_the_timeline(merged: Merged) -> None:
    opening = [("open", None), ("merge", "The same lamp.")]
    assert await told_by_receipt(merged) == (True, opening, [])
    await merged.house.do(merged.main, "ask", {"text": "Which lamp?"}, caller=CLERK)
    assert await told_by_receipt(merged) == (True, [*opening, ("ask", None)], ["Which lamp?"])
    anonymous, named = merged.followers["anonymous"], merged.followers["named"]
    for case_id in (anonymous, named):
        await merged.house.do(case_id, "unmerge", {"reason": "Another lamp."}, caller=CLERK)
    acts = [*opening, ("ask", None), ("unmerge", "Another lamp.")]
    assert await told_by_receipt(merged) == (False, acts, ["Which lamp?"])
    timeline = await merged.house.get(f"/v1/cases/{named}/timeline", caller=merged.speakers["named"])
    assert [(entry["verb"], entry["reason"]) for entry in timeline] == acts


async def test_the_receipt_does_not_tell_which_case_answers_it(merged: Merged) -> None:
    opened = await merged.house.receipt("open", {"receipt": merged.receipt})
    assert merged.main not in opened.text


async def test_a_case_that_goes_along_with_its_main_case_shows_that_something_changed(merged: Merged) -> None:
    house, followers = merged.house, list(merged.followers.values())
    new = await house.case()
    house.clock.advance(hours=2)
    await house.do(merged.main, "merge", {"into_case_id": new, "reason": "One street."}, caller=CLERK)
    for case_id in followers:
        assert datetime.fromisoformat((await merged.case(case_id))["updated_at"]) == house.clock()
    house.clock.advance(hours=2)
    await house.do(new, "withdraw", {}, caller=house.speaker)
    for case_id in (merged.main, *followers):
        assert datetime.fromisoformat((await merged.case(case_id))["updated_at"]) == house.clock()
