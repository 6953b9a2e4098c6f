"""Others have the same concern: it counts once for each, they see what became of it, and nobody sees who they are."""

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from tests.feedback.house import House, admin, key, lead, official, resident, unit
from tests.feedback.sharing import shared_case

CLERK = official("village")


async def endorse(house: House, case_id: str, caller: Principal, verb: str = "endorse") -> Any:
    return await house.do(case_id, verb, caller=caller)


async def refused(house: House, case_id: str, caller: Principal, verb: str = "endorse") -> tuple[int, str]:
    answer = await house.try_do(case_id, verb, caller=caller)
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


async def see(house: House, case_id: str, caller: Principal) -> Any:
    return await house.get(f"/v1/shared-cases/{case_id}", caller=caller)


async def test_an_endorsement_counts_once_and_can_be_taken_back(house: House) -> None:
    case_id, other = await shared_case(house), resident()
    assert (await see(house, case_id, other))["endorsed"] is False
    for _ in range(2):
        shown = await endorse(house, case_id, other)
        assert (shown["endorsement_count"], shown["endorsed"]) == (1, True)
    assert (await endorse(house, case_id, resident()))["endorsement_count"] == 2
    for _ in range(2):
        shown = await endorse(house, case_id, other, "unendorse")
        assert (shown["endorsement_count"], shown["endorsed"]) == (1, False)
    assert (await house.get(f"/v1/cases/{case_id}", caller=CLERK))["endorsement_count"] == 1
    counts = [json.loads(data)["endorsements"] for type, data in await house.events(case_id) if type == "case.endorsed"]
    assert counts == [1, 2, 1]


async def test_fifty_residents_at_once_are_counted_exactly(house: House) -> None:
    case_id, residents = await shared_case(house), [resident() for _ in range(50)]
    answers = await asyncio.gather(*(endorse(house, case_id, each) for each in [*residents, *residents[:10]]))
    assert max(answer["endorsement_count"] for answer in answers) == 50
    assert (await see(house, case_id, resident()))["endorsement_count"] == 50
    counts = [json.loads(data)["endorsements"] for type, data in await house.events(case_id) if type == "case.endorsed"]
    assert counts == list(range(1, 51))
    await asyncio.gather(*(endorse(house, case_id, each, "unendorse") for each in residents[:20]))
    assert (await see(house, case_id, resident()))["endorsement_count"] == 30


async def test_a_kept_answer_is_given_again_and_counts_no_more(house: House) -> None:
    case_id, other, headers = await shared_case(house), resident(), key()
    for replayed in (False, True):
        answer = await house.client.post(f"/v1/cases/{case_id}/endorse", caller=other, json={}, headers=headers)
        assert (answer.json()["endorsement_count"], "idempotency-replayed" in answer.headers) == (1, replayed)


async def test_nothing_that_is_kept_or_told_says_who_or_exactly_when(house: House) -> None:
    """One account endorses two cases: in the whole database nothing joins the two, and no moment within the hour is there."""
    cases, other = [await shared_case(house) for _ in range(2)], resident()
    house.clock.advance(days=1, minutes=17, seconds=3)
    for case_id in cases:
        await endorse(house, case_id, other)
    rows = await house.rows("SELECT * FROM endorsements")
    assert len({bytes(row["pseudonym"]) for row in rows}) == 2
    assert set(rows[0].keys()) == {"case_id", "pseudonym"}
    told = await house.rows("SELECT id, time, data, traceparent FROM outbox WHERE type LIKE '%endorsed%'")
    assert [row["traceparent"] for row in told] == ["", ""]
    assert all(row["time"].minute == row["time"].second == 0 for row in told)
    assert all(set(json.loads(row["data"])) == {"case_id", "unit_id", "endorsements", "changed_at"} for row in told)
    assert (await house.get(f"/v1/cases/{cases[0]}", caller=CLERK))["updated_at"].startswith("2026-03-02")
    everything = await dump(house)
    assert str(other.account_id) not in everything
    assert other.account.hex not in everything


async def dump(house: House) -> str:
    tables = await house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "".join([str(await house.rows(f"SELECT t::text FROM {row['tablename']} t")) for row in tables])


async def test_what_is_not_shared_answers_like_what_there_is_not(house: House) -> None:
    unshared, blaming = await house.case(), await shared_case(house, about=[str(unit("elsewhere"))])
    withdrawn = await shared_case(house)
    await house.do(withdrawn, "withdraw", caller=house.speaker)
    for caller in (resident(), house.speaker):
        told = Counter[str]()
        for case_id in (unshared, blaming, withdrawn, str(uuid4())):
            answers = [await house.try_do(case_id, verb, caller=caller) for verb in ("endorse", "unendorse")]
            answers.append(await house.client.get(f"/v1/shared-cases/{case_id}", caller=caller))
            assert [answer.status_code for answer in answers] == [404] * 3
            told.update(json.dumps({**answer.json(), "request_id": ""}) for answer in answers)
        assert len(told) == 1


async def test_nobody_endorses_themselves_and_officials_endorse_nothing(house: House) -> None:
    case_id = await shared_case(house)
    for verb in ("endorse", "unendorse"):
        assert await refused(house, case_id, house.speaker, verb) == (403, "not-yours-to-do")
        for caller in (CLERK, lead("county"), admin()):
            assert await refused(house, case_id, caller, verb) == (403, "role-not-allowed")
        assert await refused(house, case_id, ANONYMOUS, verb) == (401, "authentication-required")


async def test_an_endorser_comes_back_and_sees_what_became_of_it_but_not_what_was_said(house: House) -> None:
    case_id, other = await shared_case(house, category="light"), resident()
    await endorse(house, case_id, other)
    await house.do(case_id, "messages", {"text": "I am the one with the dog."}, caller=house.speaker)
    answer = {"text": "To the one with the dog: it is lit.", "outcome": "The lamp is new."}
    await house.do(case_id, "answer", answer, caller=CLERK)
    shown = await house.client.get(f"/v1/shared-cases/{case_id}", caller=other)
    assert shown.json() == {
        "id": case_id,
        "state": "answered",
        "unit_id": str(unit("village")),
        "category": "light",
        "title": "The lamp is broken",
        "body": "It has been dark at the well for a month.",
        "opened_on": "2026-03-02",
        "endorsement_count": 1,
        "endorsed": True,
        "outcome": "The lamp is new.",
    }
    await house.do(case_id, "confirm", {"resolved": False}, caller=house.speaker)
    assert (await see(house, case_id, other))["outcome"] is None
    await house.do(case_id, "answer", {"text": "Now."}, caller=CLERK)
    await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    closed = await see(house, case_id, other)
    assert (closed["state"], closed["outcome"]) == ("confirmed_resolved", "The lamp is new.")
    assert await refused(house, case_id, resident()) == (409, "case-closed")
    assert (await endorse(house, case_id, other, "unendorse"))["endorsement_count"] == 0


async def test_endorsements_stay_with_their_case_when_it_is_merged(house: House) -> None:
    """Who endorsed both cannot be told, so a sum would count them twice: officials see each count."""
    main, follower = await shared_case(house), await shared_case(house)
    both, other = resident(), resident()
    for case_id, caller in ((main, both), (follower, both), (follower, other)):
        await endorse(house, case_id, caller)
    await house.do(follower, "merge", {"into_case_id": main, "reason": "One lamp."}, caller=CLERK)
    (merged,) = await house.get(f"/v1/cases/{main}/merged", caller=CLERK)
    assert merged["endorsement_count"] == 2
    assert (await house.get(f"/v1/cases/{main}", caller=CLERK))["endorsement_count"] == 1
    await house.do(main, "answer", {"text": "Mended.", "outcome": "It is lit."}, caller=CLERK)
    assert [(await see(house, id, other))["outcome"] for id in (main, follower)] == ["It is lit."] * 2


async def test_an_anonymous_case_can_be_shared_and_shows_no_more_than_the_day(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    await house.rows("UPDATE cases SET shared = true WHERE id = $1", UUID(filed["case_id"]))
    shown = await endorse(house, filed["case_id"], house.speaker)
    assert (shown["endorsement_count"], shown["opened_on"]) == (1, "2026-03-02")


@pytest.mark.parametrize("body", [[], {"surprise": 1}, 5])
async def test_a_body_that_it_does_not_take(house: House, body: Any) -> None:
    answer = await house.client.post(f"/v1/cases/{uuid4()}/endorse", caller=resident(), json=body)
    assert answer.status_code == 422
