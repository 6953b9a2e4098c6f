"""Several cases about the same matter are answered together, and every speaker is told and judges alone."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.feedback.merges import actions
from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit

CLERK = official("village")


async def read(house: House, case_id: str, caller: Principal | None = None) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=caller or CLERK)


async def try_merge(house: House, case_id: str, main: str, caller: Principal = CLERK) -> Any:
    return await house.try_do(case_id, "merge", {"into_case_id": main, "reason": "The same lamp"}, caller=caller)


async def merge(house: House, case_id: str, main: str) -> Any:
    answer = await try_merge(house, case_id, main)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


async def group(house: House, size: int = 3) -> tuple[str, list[str], list[Principal]]:
    """A main case, the cases merged into it, and their speakers."""
    main, speakers = await house.case(), [resident() for _ in range(size - 1)]
    followers = []
    for speaker in speakers:
        house.clock.advance(minutes=1)
        followers.append(await house.case(caller=speaker))
        await merge(house, followers[-1], main)
    return main, followers, speakers


async def test_what_the_unit_says_is_said_to_every_speaker_and_each_judges_alone(house: House) -> None:
    main, followers, speakers = await group(house)
    await house.do(main, "acknowledge", caller=CLERK)
    await house.do(main, "ask", {"text": "Which lamp?"}, caller=CLERK)
    await house.do(followers[0], "messages", {"text": "The left one."}, caller=speakers[0])
    states = [(await read(house, id))["state"] for id in (main, *followers)]
    assert states == ["waiting_resident", "in_progress", "waiting_resident"]
    await house.do(main, "answer", {"text": "Mended.", "outcome": "It is lit."}, caller=CLERK)
    for case_id, speaker in zip(followers, speakers, strict=True):
        case = await read(house, case_id, speaker)
        assert (case["state"], case["outcome"]) == ("answered", "It is lit.")
        messages = await house.get(f"/v1/cases/{case_id}/messages", caller=speaker)
        assert [message["text"] for message in messages["items"] if message["by"] == "unit"] == ["Which lamp?", "Mended."]
        assert (await house.told(case_id)).count("case.answered") == 1
    case = await house.do(followers[0], "confirm", {"resolved": True}, caller=speakers[0])
    assert case["state"] == "confirmed_resolved"
    assert [(await read(house, id))["state"] for id in (main, followers[1])] == ["answered", "answered"]


async def test_acknowledging_acknowledges_those_that_wait_for_it(house: House) -> None:
    main, followers, _ = await group(house)
    late = await house.case()
    await house.do(late, "acknowledge", caller=CLERK)
    await merge(house, late, main)
    await house.do(main, "acknowledge", caller=CLERK)
    assert [(await read(house, id))["state"] for id in (*followers, late)] == ["acknowledged"] * 3
    assert (await house.told(followers[0]))[-2:] == ["case.merged", "case.acknowledged"]
    assert (await house.told(late)).count("case.acknowledged") == 1


async def test_a_speaker_learns_that_the_case_is_answered_with_another_but_not_with_which(house: House) -> None:
    main, (follower, *_), (speaker, *_) = await group(house)
    shown = await read(house, follower, speaker)
    assert (shown["merged"], shown["merged_into"], shown["allowed"]) == (True, None, ["message", "withdraw"])
    assert main not in (await house.client.get(f"/v1/cases/{follower}", caller=speaker)).text
    assert main not in (await house.client.get("/v1/cases", caller=speaker)).text
    timeline = await house.client.get(f"/v1/cases/{follower}/timeline", caller=speaker)
    assert (timeline.json()[-1]["verb"], timeline.json()[-1]["reason"]) == ("merge", "The same lamp")
    assert main not in timeline.text
    assert (await house.client.get(f"/v1/cases/{main}", caller=speaker)).status_code == 404
    assert (await house.client.get(f"/v1/cases/{main}/merged", caller=speaker)).status_code == 404
    assert (await read(house, follower))["merged_into"] == main
    assert (await read(house, main, house.speaker))["merged"] is False


async def test_officials_list_what_is_merged_and_the_speaker_does_not(house: House) -> None:
    main, followers, _ = await group(house)
    for caller in (CLERK, lead("county"), inspector("village"), admin()):
        assert [case["id"] for case in await house.get(f"/v1/cases/{main}/merged", caller=caller)] == followers
    assert await house.get(f"/v1/cases/{followers[0]}/merged", caller=CLERK) == []
    assert (await house.client.get(f"/v1/cases/{main}/merged", caller=house.speaker)).status_code == 403
    assert (await house.client.get(f"/v1/cases/{main}/merged", caller=official("neighbour"))).status_code == 404


async def test_the_unit_acts_on_the_main_case_only(house: House) -> None:
    main, (follower, *_), _ = await group(house)
    assert (await read(house, follower))["allowed"] == ["message", "unmerge"]
    bodies = {
        "acknowledge": {},
        "ask": {"text": "Which?"},
        "answer": {"text": "Yes."},
        "reject": {"reason": "No."},
        "hand-over": {"unit_id": str(unit("neighbour")), "reason": "Theirs"},
        "joint-units": {"unit_id": str(unit("neighbour")), "task": "Help"},
        "merge": {"into_case_id": main, "reason": "Again"},
    }
    for verb, body in bodies.items():
        answer = await house.try_do(follower, verb, body, caller=CLERK)
        assert await refused(answer) == (409, "case-merged"), verb
        assert main in answer.json()["detail"]
    await house.do(follower, "messages", {"text": "To you alone."}, caller=CLERK)


async def test_unmerging_gives_the_case_back_to_itself(house: House) -> None:
    main, (follower, other), _ = await group(house)
    case = await house.do(follower, "unmerge", {"reason": "Another lamp"}, caller=CLERK)
    assert (case["merged"], case["merged_into"]) == (False, None)
    assert (await house.told(follower))[-1] == "case.unmerged"
    assert await refused(await house.try_do(follower, "unmerge", {"reason": "x"}, caller=CLERK)) == (409, "case-not-merged")
    await house.do(main, "answer", {"text": "Mended."}, caller=CLERK)
    assert [(await read(house, id))["state"] for id in (follower, other)] == ["received", "answered"]


async def test_what_cannot_be_merged(house: House) -> None:
    first, second = await house.case(), await house.case()
    elsewhere, blaming = await house.case(unit_id=unit("neighbour")), await house.case(about=[str(unit("elsewhere"))])
    answered = await house.answered()
    assert await refused(await try_merge(house, first, first)) == (422, "merge-with-itself")
    assert await refused(await try_merge(house, first, str(uuid4()))) == (404, "case-not-found")
    assert await refused(await try_merge(house, first, elsewhere)) == (404, "case-not-found")
    assert await refused(await try_merge(house, first, elsewhere, admin())) == (409, "merge-other-unit")
    assert await refused(await try_merge(house, first, blaming)) == (409, "merge-other-readers")
    assert await refused(await try_merge(house, blaming, first)) == (409, "merge-other-readers")
    assert await refused(await try_merge(house, first, answered)) == (409, "main-answered")
    assert await refused(await try_merge(house, answered, first)) == (409, "case-state")
    assert await refused(await try_merge(house, first, second, lead("township"))) == (403, "not-yours-to-do")
    assert await refused(await try_merge(house, first, second, house.speaker)) == (403, "not-yours-to-do")
    await merge(house, first, second)
    assert await refused(await try_merge(house, await house.case(), first)) == (409, "main-merged")


async def test_an_official_neither_merges_nor_answers_an_opinion_of_their_own(house: House) -> None:
    main, own = await house.case(), await house.case(caller=CLERK)
    assert await refused(await try_merge(house, own, main)) == (403, "not-yours-to-do")
    assert await refused(await try_merge(house, main, own)) == (403, "not-yours-to-do")
    assert (await try_merge(house, own, main, official("village"))).status_code == 200
    await house.do(main, "answer", {"text": "Mended."}, caller=CLERK)
    assert (await read(house, own))["state"] == "received"


async def test_a_main_case_is_merged_with_all_that_follow_it(house: House) -> None:
    main, followers, _ = await group(house)
    new = await house.case()
    await merge(house, main, new)
    assert [(await read(house, id))["merged_into"] for id in (main, *followers)] == [new] * 3
    chains = await house.rows("SELECT 1 FROM cases AS a JOIN cases AS b ON b.id = a.merged_into WHERE b.merged_into IS NOT NULL")
    assert not chains


async def test_the_oldest_follower_takes_the_place_of_a_withdrawn_main_case(house: House) -> None:
    main, followers, speakers = await group(house, 4)
    await house.do(followers[0], "withdraw", caller=speakers[0])
    await house.do(main, "withdraw", caller=house.speaker)
    assert [(await read(house, id))["merged_into"] for id in followers] == [main, None, followers[1]]
    assert (await house.told(followers[1]))[-1] == "case.unmerged"
    assert (await house.told(followers[2]))[-1] == "case.merged"
    timeline = await house.get(f"/v1/cases/{followers[1]}/timeline", caller=speakers[1])
    assert (timeline[-1]["verb"], timeline[-1]["by_role"]) == ("unmerge", "system")
    await house.do(followers[1], "answer", {"text": "Mended."}, caller=CLERK)
    assert (await read(house, followers[2], speakers[2]))["state"] == "answered"


async def test_an_anonymous_main_case_that_is_withdrawn_leaves_only_the_hour(house: House) -> None:
    filed, follower = await house.submit(protection="anonymous"), await house.case()
    await merge(house, follower, filed["case_id"])
    house.clock.advance(hours=3)
    await house.receipt("withdraw", {"receipt": filed["receipt"]})
    (row,) = await house.rows("SELECT at FROM case_history WHERE case_id = $1 AND verb = 'unmerge'", UUID(follower))
    assert row["at"].isoformat() == "2026-03-02T12:00:00+00:00"


@pytest.mark.parametrize("how", ["refuse", "reopen", "overturn"])
async def test_whoever_does_not_accept_the_common_answer_is_owed_one_alone(house: House, how: str) -> None:
    main, (follower, other), (speaker, _) = await group(house)
    if how == "overturn":
        await house.do(main, "reject", {"reason": "No."}, caller=CLERK)
        await house.do(follower, "appeal", {"reason": "But."}, caller=speaker)
        await house.do(follower, "appeal/decide", {"decision": "overturn", "reason": "Yes."}, caller=official("township"))
    else:
        await house.do(main, "answer", {"text": "Mended."}, caller=CLERK)
        await house.do(follower, "confirm", {"resolved": how == "reopen"}, caller=speaker)
    if how == "reopen":
        await house.do(follower, "reopen", {"reason": "Dark again."}, caller=speaker)
    case = await read(house, follower)
    assert (case["state"], case["merged_into"]) == ("in_progress", None)
    assert "case.unmerged" in await house.told(follower)
    await house.do(follower, "answer", {"text": "For you alone."}, caller=CLERK)
    assert (await read(house, other))["merged_into"] == main


async def test_a_common_rejection_is_appealed_by_each_speaker(house: House) -> None:
    main, followers, speakers = await group(house)
    await house.do(main, "reject", {"reason": "A private yard."}, caller=CLERK)
    for case_id, speaker in zip(followers, speakers, strict=True):
        case = await read(house, case_id, speaker)
        assert (case["state"], case["allowed"], case["rejection"]["reason"]) == ("rejected", ["appeal"], "A private yard.")
    await house.do(followers[0], "appeal", {"reason": "But."}, caller=speakers[0])
    assert [(await read(house, id))["appeal_unit_id"] for id in (main, *followers)] == [None, str(unit("township")), None]


async def test_there_is_an_end_to_merging(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_MERGED", 2)
    main, _, _ = await group(house)
    assert await refused(await try_merge(house, await house.case(), main)) == (409, "too-many-merged")
    new = await house.case()
    assert await refused(await try_merge(house, main, new)) == (409, "too-many-merged")


async def test_two_cases_merged_into_each_other_at_once_make_no_circle(house: House) -> None:
    for _ in range(5):
        one, other = await house.case(), await house.case()
        answers = await asyncio.gather(try_merge(house, one, other), try_merge(house, other, one))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert {(await read(house, id))["merged"] for id in (one, other)} == {False, True}


async def test_merging_answering_unmerging_and_withdrawing_at_once_neither_hang_nor_fail(house: House) -> None:
    for _ in range(5):
        main, (follower, other), (speaker, _) = await group(house)
        new = await house.case()
        async with asyncio.timeout(20):
            answers = await asyncio.gather(
                try_merge(house, main, new),
                try_merge(house, new, main),
                house.try_do(main, "answer", {"text": "Mended."}, caller=CLERK),
                house.try_do(follower, "unmerge", {"reason": "Another"}, caller=CLERK),
                house.try_do(follower, "withdraw", caller=speaker),
                house.try_do(main, "withdraw", caller=house.speaker),
                try_merge(house, other, follower),
            )
        assert {answer.status_code for answer in answers} <= {200, 409}
        chains = "SELECT 1 FROM cases AS a JOIN cases AS b ON b.id = a.merged_into WHERE b.merged_into IS NOT NULL"
        assert not await house.rows(chains)
