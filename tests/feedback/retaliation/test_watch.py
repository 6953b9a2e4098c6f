"""Whoever spoke is watched over: how long, and when they are asked how they fare."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident
from tests.feedback.retaliation.voices import every_protection, speak
from tests.shared.problems import assert_problem

FRESH: dict[str, Any] = {
    "check_in_due": False,
    "last_check_in_on": None,
    "next_check_in_on": "2026-04-01",
    "unsafe_on": [],
    "reports": [],
}


@every_protection
async def test_a_watch_runs_from_filing(house: House, protection: str) -> None:
    watch = await (await speak(house, protection)).watch()
    until = datetime.fromisoformat(watch.pop("until"))
    opened_at = house.clock() if protection != "anonymous" else house.clock().replace(minute=0, second=0, microsecond=0)
    assert until == opened_at + timedelta(days=180)
    assert watch == FRESH


@every_protection
async def test_every_thirty_days_the_speaker_is_asked(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    house.clock.advance(days=30)
    assert (await voice.watch())["check_in_due"] is True
    said = await voice.check_in(safe=True)
    assert said["advice"] is None
    assert said["watch"] == await voice.watch()
    assert said["watch"]["check_in_due"] is False
    assert (said["watch"]["last_check_in_on"], said["watch"]["next_check_in_on"]) == ("2026-04-01", "2026-05-01")


@pytest.mark.parametrize(("protection", "way"), [("named", "cases/{}"), ("anonymous", "receipts")])
async def test_whoever_is_not_safe_is_told_how_to_report(house: House, protection: str, way: str) -> None:
    voice = await speak(house, protection)
    said = await voice.check_in(safe=False)
    assert f"POST /v1/{way.format(voice.case_id)}/retaliation." in said["advice"]
    assert said["watch"]["unsafe_on"] == ["2026-03-02"]
    in_chinese = {"Accept-Language": "zh"}
    if voice.receipt is None:
        path = f"/v1/cases/{voice.case_id}/check-in"
        answer = await house.client.post(path, caller=voice.speaker, json={"safe": False}, headers=in_chinese)
        assert "举报" in answer.json()["advice"]


async def test_not_safe_is_never_taken_back_by_a_later_word_of_that_day(house: House) -> None:
    """Somebody may stand behind the speaker."""
    voice = await speak(house)
    for safe in (False, True, True):
        said = await voice.check_in(safe=safe)
    assert said["watch"]["unsafe_on"] == ["2026-03-02"]
    house.clock.advance(days=1)
    assert (await voice.check_in(safe=True))["watch"]["unsafe_on"] == ["2026-03-02"]


@every_protection
async def test_days_are_kept_of_check_ins_and_no_times(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    await voice.check_in(safe=False)
    (row,) = await house.rows("SELECT * FROM watch_check_ins")
    assert {**row, "case_id": str(row["case_id"])} == {
        "case_id": voice.case_id,
        "day": house.clock().date(),
        "safe": False,
    }
    assert await house.told(voice.case_id) == ["opinion.submitted", "case.opened"]


@every_protection
async def test_after_the_watch_there_is_nothing_to_say(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    house.clock.advance(days=181)
    watch = await voice.watch()
    assert (watch["check_in_due"], watch["next_check_in_on"]) == (False, None)
    assert_problem(await voice.try_say("check-in", {"safe": True}), 409, "watch-over")
    assert_problem(await voice.try_report(), 409, "watch-over")


async def test_a_report_makes_the_watch_longer(house: House) -> None:
    voice = await speak(house)
    house.clock.advance(days=179)
    await voice.report()
    assert datetime.fromisoformat((await voice.watch())["until"]) == house.clock() + timedelta(days=180)
    house.clock.advance(days=179)
    await voice.check_in(safe=True)


STRANGERS = (official("village"), lead("village"), inspector("village"), lead("township"), lead("province"), admin(), resident())


@pytest.mark.parametrize("caller", STRANGERS, ids=lambda caller: f"{caller.role}")
async def test_for_everybody_else_a_watch_is_a_case_that_is_not_there(house: House, caller: Principal) -> None:
    voice = await speak(house)

    async def asked(case_id: str) -> list[Any]:
        answers = [await house.client.get(f"/v1/cases/{case_id}/watch", caller=caller)]
        answers.append(await house.try_do(case_id, "check-in", {"safe": False}, caller=caller))
        answers.append(await house.try_do(case_id, "retaliation", {"text": "They did."}, caller=caller))
        for answer in answers:
            assert_problem(answer, 404, "case-not-found")
        return [{**answer.json(), "request_id": ""} for answer in answers]

    assert await asked(voice.case_id) == await asked(str(uuid4()))
    assert (await voice.watch())["reports"] == []


@pytest.mark.parametrize("said", [{}, {"safe": None}, {"safe": "yes"}, {"safe": 1}, {"safe": True, "more": 1}])
async def test_hostile_check_ins(house: House, said: dict[str, Any]) -> None:
    voice = await speak(house)
    assert_problem(await voice.try_say("check-in", said), 422)
    assert_problem(await house.receipt("check-in", {"receipt": "x", **said}), 422)


async def test_a_watch_goes_with_a_case_that_its_speaker_makes_their_own(house: House) -> None:
    """What an official wrote down comes with a receipt first, and with an account later."""
    clerk = official("elsewhere")
    filed = await house.submit(caller=clerk, assistance="counter")
    await house.receipt("check-in", {"receipt": filed["receipt"], "safe": False})
    reported = await house.receipt("retaliation", {"receipt": filed["receipt"], "text": "They did."})
    claimed = {"receipt": filed["receipt"]}
    assert (await house.client.post("/v1/receipts/claim", caller=house.speaker, json=claimed)).status_code == 200
    watch = await house.get(f"/v1/cases/{filed['case_id']}/watch", caller=house.speaker)
    assert (watch["unsafe_on"], watch["reports"]) == (["2026-03-02"], [reported.json()])
    assert_problem(await house.client.get(f"/v1/cases/{filed['case_id']}/watch", caller=clerk), 404, "case-not-found")
