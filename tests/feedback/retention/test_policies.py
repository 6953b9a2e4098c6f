"""What a speaker is promised when the case ends stays, whatever policy comes later; and what a changed one would have meant."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.practices import RetentionTerms
from shared.types import Level
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.feedback.policies import know_retention, retention, retention_event
from tests.feedback.retention.test_erasing import due, ended, erased, run

PATH = "/v1/retention/simulate"
LONGER = retention(public_opinion=(400, 800, 3000))
SHORTER = retention(public_opinion=(180, 190, 200))


def days(case: Mapping[str, Any], until: str) -> int:
    """From the last act on the case."""
    return (datetime.fromisoformat(case[until]) - datetime.fromisoformat(case["updated_at"])).days


def promised(case: Mapping[str, Any]) -> tuple[int, int]:
    return days(case, "access_until"), days(case, "words_until")


async def seen(house: House, case_id: str) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=official("village"))


async def test_the_speaker_is_told_until_when_once_the_case_has_ended(house: House) -> None:
    waiting = await house.submit(protection="anonymous")
    opened = (await house.receipt("open", {"receipt": waiting["receipt"]})).json()["case"]
    assert (opened["access_until"], opened["words_until"]) == (None, None)
    _, receipt = await ended(house)
    case = (await house.receipt("open", {"receipt": receipt})).json()["case"]
    assert promised(case) == (180, 730)


@pytest.mark.parametrize(
    ("channel", "protection", "kept"),
    [
        ("public_opinion", "named", (180, 1825)),
        ("public_opinion", "confidential", (180, 730)),
        ("thought", "confidential", (180, 365)),
        ("emotional", "named", (180, 1825)),
    ],
)
async def test_channel_and_protection_decide_what_is_promised(
    house: House, channel: str, protection: str, kept: tuple[int, int]
) -> None:
    case_id = await house.case(channel=channel, protection=protection)
    await house.do(case_id, "withdraw", {}, caller=house.speaker)
    assert promised(await seen(house, case_id)) == kept


async def decree(house: House, terms: RetentionTerms, version: int) -> None:
    """It begins now, and an hour passes: an anonymous case counts as ended at the full hour."""
    await know_retention(house.service, retention_event(terms, version=version, effective_from=house.clock()))
    house.clock.advance(hours=1)


async def test_a_later_policy_neither_lengthens_nor_shortens_what_was_promised(house: House) -> None:
    first, _ = await ended(house)
    await decree(house, LONGER, 2)
    second, _ = await ended(house)
    await decree(house, SHORTER, 3)
    third, _ = await ended(house)
    assert [promised(await seen(house, each)) for each in (first, second, third)] == [(180, 730), (400, 800), (180, 190)]

    house.clock.advance(days=191)
    assert await due(house) == {"access": {first, third}, "words": {third}}
    await run(house)
    assert [await erased(house, each) for each in (first, second, third)] == [False, False, True]
    house.clock.advance(days=540)
    assert await due(house) == {"access": {second}, "words": {first}}
    await run(house)
    house.clock.advance(days=70)
    assert await due(house) == {"access": set(), "words": {second}}


async def test_what_an_anonymous_case_was_promised_tells_nothing_within_the_hour(house: House) -> None:
    await know_retention(house.service, retention_event(LONGER, effective_from=house.clock()))
    case_id, _ = await ended(house)
    assert promised(await seen(house, case_id)) == (180, 730)
    house.clock.advance(hours=1)
    case_id, _ = await ended(house)
    assert promised(await seen(house, case_id)) == (400, 800)


async def test_acts_on_an_ended_case_move_its_ends_and_change_no_promise(house: House) -> None:
    case_id = await house.case(protection="confidential")
    await house.do(case_id, "reject", {"reason": "No."}, caller=official("village"))
    before = await seen(house, case_id)
    await know_retention(house.service, retention_event(LONGER))
    house.clock.advance(days=2)
    await house.do(case_id, "appeal", {"reason": "Yes."}, caller=house.speaker)
    after = await seen(house, case_id)
    assert promised(after) == promised(before) == (180, 730)
    moved = datetime.fromisoformat(after["words_until"]) - datetime.fromisoformat(before["words_until"])
    assert moved >= timedelta(days=1)


async def test_a_reopened_case_is_promised_anew_when_it_ends_again(house: House) -> None:
    case_id = await house.answered(protection="confidential")
    await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    assert promised(await seen(house, case_id)) == (180, 730)
    await know_retention(house.service, retention_event(LONGER))
    await house.do(case_id, "reopen", {"reason": "It is dark again."}, caller=house.speaker)
    assert (await seen(house, case_id))["words_until"] is None
    house.clock.advance(days=1000)
    assert await due(house) == {"access": set(), "words": set()}
    await house.do(case_id, "withdraw", {}, caller=house.speaker)
    assert promised(await seen(house, case_id)) == (400, 800)


async def test_an_answer_that_nobody_judges_is_promised_by_the_policy_of_its_end(house: House) -> None:
    case_id = await house.answered(protection="confidential")
    await know_retention(house.service, retention_event(LONGER))
    house.clock.advance(days=60)
    for job in house.service.jobs:
        if job.name == "judgements":
            await job.run(house.service.works)
    assert promised(await seen(house, case_id)) == (400, 800)


async def test_a_policy_counts_from_its_time_on_and_that_of_a_level_before_that_for_all(house: House) -> None:
    later = retention_event(LONGER, version=2, effective_from=house.clock() + timedelta(days=10))
    own = retention_event(SHORTER, version=1, level=Level.county, effective_from=house.clock() + timedelta(days=10))
    await know_retention(house.service, later, own)

    async def withdrawn(code: str) -> tuple[int, int]:
        case_id = await house.case(protection="confidential", unit_id=unit(code))
        return promised(await house.do(case_id, "withdraw", {}, caller=house.speaker))

    assert [await withdrawn(code) for code in ("village", "county")] == [(180, 730), (180, 730)]
    house.clock.advance(days=11)
    assert [await withdrawn(code) for code in ("village", "county")] == [(400, 800), (180, 190)]
    for level, label, words in (("county", "retention:county.v1", 190), ("township", "retention.v2", 800)):
        shown = await house.get("/v1/retention", caller=admin(), level=level)
        terms = {each["channel"]: each for each in shown["terms"]}
        assert (shown["policy"], terms["public_opinion"]["words_days"]) == (label, words)


async def test_versions_told_twice_and_in_any_order_come_to_the_same(house: House) -> None:
    second, third = retention_event(LONGER, version=2), retention_event(SHORTER, version=3)
    await know_retention(house.service, third, second, third)
    await know_retention(house.service, second)
    assert (await house.get("/v1/retention", caller=admin()))["policy"] == "retention.v3"
    assert len(await house.rows("SELECT FROM known_retention_policies")) == 2
    case_id, _ = await ended(house)
    assert promised(await seen(house, case_id)) == (180, 190)


async def test_a_case_that_ends_before_the_policy_has_arrived_keeps_what_was_known_then(house: House) -> None:
    since = house.clock()
    house.clock.advance(days=1)
    case_id, _ = await ended(house)
    await know_retention(house.service, retention_event(SHORTER, effective_from=since))
    assert promised(await seen(house, case_id)) == (180, 730)


async def end_many(house: House, count: int, **said: Any) -> None:
    for _ in range(count):
        case_id = await house.case(caller=(speaker := resident()), **said)
        await house.do(case_id, "withdraw", {}, caller=speaker)


async def simulated(house: House, **asked: Any) -> Any:
    today = house.clock().date().isoformat()
    body = {"rules": LONGER.model_dump(mode="json"), "since": today, "until": today, **asked}
    answer = await house.client.post(PATH, caller=admin(), json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(found: Any, *, protected: bool, channel: str = "public_opinion") -> dict[str, tuple[int | None, int | None, int | None]]:
    return {
        each["end"]: (each["cases"], each["sooner"], each["later"])
        for each in found["differences"]
        if (each["channel"], each["protected"]) == (channel, protected)
    }


async def test_a_changed_policy_is_tried_on_the_cases_that_ended_and_few_are_not_told(house: House) -> None:
    await end_many(house, 6, protection="confidential")
    await end_many(house, 5)
    await end_many(house, 4, channel="thought")
    await house.case()
    found = await simulated(house)
    assert len(found["differences"]) == 16
    assert found["levels"] == [level.value for level in Level]
    assert told(found, protected=True) == {"access": (6, 0, 6), "words": (6, 0, 6)}
    assert told(found, protected=False) == {"access": (5, 0, 5), "words": (5, 0, 5)}
    assert told(found, protected=False, channel="thought") == {"access": (None, None, None), "words": (None, None, None)}
    assert told(found, protected=True, channel="emotional") == {"access": (0, 0, 0), "words": (0, 0, 0)}
    shorter = await simulated(house, rules=SHORTER.model_dump(mode="json"))
    assert told(shorter, protected=True) == {"access": (6, 0, 0), "words": (6, 6, 0)}

    # Nothing is written, and what was erased since is counted too.
    assert (await house.get("/v1/retention", caller=admin()))["policy"] == "retention.v1"
    since = house.clock().date()
    house.clock.advance(days=365 * 2 + 1)
    await run(house)
    assert (await house.rows("SELECT count(*) AS n FROM cases WHERE erased_at IS NOT NULL"))[0]["n"] == 6
    assert told(await simulated(house, since=str(since), until=str(since)), protected=True)["words"] == (6, 0, 6)
    assert told(await simulated(house), protected=True)["words"] == (0, 0, 0)


async def test_a_policy_is_tried_on_the_levels_that_it_would_be_for(house: House) -> None:
    await end_many(house, 5)
    await know_retention(house.service, retention_event(SHORTER, version=1, level=Level.grassroots))
    found = await simulated(house)
    assert found["levels"] == ["province", "prefecture", "county", "township"]
    assert told(found, protected=False)["words"] == (0, 0, 0)
    assert told(await simulated(house, level="grassroots"), protected=False)["words"] == (5, 0, 5)


async def test_trying_is_for_administrators_and_refuses_what_registering_refuses(house: House) -> None:
    today = house.clock().date()
    body = {"rules": LONGER.model_dump(mode="json"), "since": str(today), "until": str(today)}
    for caller in (resident(), official("village"), lead("county"), inspector("county")):
        assert (await house.client.post(PATH, caller=caller, json=body)).status_code == 403
    kept: dict[str, Any] = LONGER.model_dump(mode="json")
    bad: list[tuple[str, dict[str, Any]]] = [
        ("simulation-span", {"until": str(today + timedelta(days=1))}),
        ("simulation-span", {"since": str(today - timedelta(days=366))}),
        ("invalid-request", {"rules": {**kept, "thought": {"access_days": 179, "protected_days": 365, "named_days": 365}}}),
        ("invalid-request", {"rules": {name: value for name, value in kept.items() if name != "thought"}}),
        ("invalid-request", {"rules": {**kept, "practice": "visit_rhythm"}}),
        ("invalid-request", {"level": "galaxy"}),
        ("invalid-request", {"since": "\x00"}),
    ]
    for slug, changed in bad:
        answer = await house.client.post(PATH, caller=admin(), json={**body, **changed})
        assert (answer.status_code, answer.json()["type"]) == (422, f"urn:massline:problem:{slug}")
