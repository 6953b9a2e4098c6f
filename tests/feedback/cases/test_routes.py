"""Cases as those see them who may, and as those do who may not."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal, Role
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.support.callers import principal

CONFIRMED = {"resolved": True, "satisfied": True, "score": 5}
REFUSED = {"resolved": False, "satisfied": False, "score": 1}
BODIES: dict[str, Any] = {
    "acknowledge": {},
    "ask": {"text": "Which lamp?"},
    "messages": {"text": "When?"},
    "answer": {"text": "It is mended."},
    "reject": {"reason": "It is a private lamp."},
    "confirm": CONFIRMED,
    "reopen": {"reason": "It is dark again."},
    "withdraw": {"reason": "I mended it."},
}

SEES = "sees"
ACTS = "acts for the unit"
BLIND = "sees nothing"
POSITIONS: list[tuple[Principal, str]] = [
    (official("village"), ACTS),
    (lead("village"), ACTS),
    (inspector("village"), SEES),
    (official("township"), BLIND),
    (lead("township"), SEES),
    (inspector("township"), SEES),
    (official("province"), BLIND),
    (lead("province"), SEES),
    (inspector("province"), SEES),
    (official("neighbour"), BLIND),
    (lead("neighbour"), BLIND),
    (inspector("neighbour"), BLIND),
    (official("elsewhere"), BLIND),
    (lead("elsewhere"), BLIND),
    (inspector("elsewhere"), BLIND),
    (admin(), ACTS),
    (resident(), BLIND),
    (principal(Role.official), BLIND),
    (principal(Role.lead, uuid4()), BLIND),
]
names = [f"{caller.role}-{number}" for number, (caller, _) in enumerate(POSITIONS)]


@pytest.mark.parametrize(("caller", "position"), POSITIONS, ids=names)
async def test_who_may_do_what(house: House, caller: Principal, position: str) -> None:
    case_id = await house.case()
    paths = (f"/v1/cases/{case_id}", f"/v1/cases/{case_id}/messages", f"/v1/cases/{case_id}/timeline")
    expected = 404 if position == BLIND else 200
    assert [(await house.client.get(path, caller=caller)).status_code for path in paths] == [expected] * 3
    listed = [case["id"] for case in (await house.get("/v1/cases", caller=caller))["items"]]
    assert listed == ([] if position == BLIND else [case_id])
    assert (await house.get("/v1/cases/counts", caller=caller))["total"] == len(listed)
    statuses = {verb: (await house.try_do(case_id, verb, body, caller=caller)).status_code for verb, body in BODIES.items()}
    assert (
        statuses
        == {
            BLIND: dict.fromkeys(BODIES, 404),
            SEES: dict.fromkeys(BODIES, 403),
            ACTS: {
                "acknowledge": 200,
                "ask": 200,
                "messages": 201,
                "answer": 200,
                "reject": 409,
                "confirm": 403,
                "reopen": 403,
                "withdraw": 403,
            },
        }[position]
    )


async def test_the_owner_speaks_and_judges_but_never_answers(house: House) -> None:
    case_id = await house.answered()
    statuses = {
        verb: (await house.try_do(case_id, verb, body, caller=house.speaker)).status_code for verb, body in BODIES.items()
    }
    assert statuses == {
        "acknowledge": 403,
        "ask": 403,
        "messages": 201,
        "answer": 403,
        "reject": 403,
        "confirm": 200,
        "reopen": 200,
        "withdraw": 200,
    }


async def test_an_official_who_speaks_is_a_speaker_in_that_case(house: House) -> None:
    clerk = official("village")
    case_id = await house.case(caller=clerk)
    assert (await house.get(f"/v1/cases/{case_id}", caller=clerk))["allowed"] == ["message", "withdraw"]
    assert (await house.try_do(case_id, "answer", {"text": "Yes."}, caller=clerk)).status_code == 403


async def test_nobody_reads_cases_without_an_account(house: House) -> None:
    case_id = await house.case()
    for path in ("/v1/cases", "/v1/cases/counts", f"/v1/cases/{case_id}", f"/v1/cases/{case_id}/messages"):
        assert (await house.client.get(path, caller=ANONYMOUS)).status_code == 401
    for verb, body in BODIES.items():
        assert (await house.try_do(case_id, verb, body, caller=ANONYMOUS)).status_code == 401


async def test_a_foreign_case_answers_exactly_as_one_that_does_not_exist(house: House) -> None:
    case_id = await house.case()
    stranger = resident()
    for method, path in [("GET", ""), ("GET", "/messages"), ("GET", "/timeline"), *(("POST", f"/{verb}") for verb in BODIES)]:
        bodies = []
        for id in (case_id, str(uuid4())):
            body = BODIES.get(path[1:]) if method == "POST" else None
            answer = await house.client.call(method, f"/v1/cases/{id}{path}", caller=stranger, json=body)
            assert answer.status_code == 404
            bodies.append({name: value for name, value in answer.json().items() if name != "request_id"})
        assert bodies[0] == bodies[1]
        assert bodies[0]["type"] == "urn:massline:problem:case-not-found"


@pytest.mark.parametrize("protection", ["named", "confidential", "anonymous"])
async def test_no_answer_holds_the_speakers_account(house: House, protection: str) -> None:
    case_id = await house.case(protection=protection)
    for caller in (official("village"), lead("province"), admin()):
        for path in (f"/v1/cases/{case_id}", "/v1/cases", f"/v1/cases/{case_id}/timeline"):
            answer = await house.client.get(path, caller=caller)
            assert answer.status_code == 200
            assert str(house.speaker.account_id) not in answer.text


async def test_a_case_from_first_word_to_reopening(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    case = await house.do(case_id, "acknowledge", caller=clerk)
    assert (case["state"], case["allowed"]) == (
        "acknowledged",
        ["ask", "answer", "message", "reject", "hand_over", "invite", "merge"],
    )
    house.clock.advance(days=1)
    case = await house.do(case_id, "answer", {"text": "A new lamp.", "outcome": "The well is lit."}, caller=clerk)
    assert (case["state"], case["outcome"], case["confirmation"]) == ("answered", "The well is lit.", None)
    case = await house.do(case_id, "confirm", REFUSED, caller=house.speaker)
    assert (case["state"], case["refused_count"], case["confirmation"]) == ("in_progress", 1, REFUSED)
    assert {clock["kind"] for clock in case["clocks"] if clock["met_at"] is None} == {"resolution", "next_answer"}
    assert (await house.try_do(case_id, "confirm", CONFIRMED, caller=house.speaker)).status_code == 409
    await house.do(case_id, "answer", {"text": "A second lamp."}, caller=clerk)
    case = await house.do(case_id, "confirm", CONFIRMED, caller=house.speaker)
    assert (case["state"], case["confirmation"], case["allowed"]) == ("confirmed_resolved", CONFIRMED, ["reopen"])
    assert all(clock["met_at"] for clock in case["clocks"])
    house.clock.advance(days=30)
    case = await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
    assert (case["state"], case["reopened_count"]) == ("in_progress", 1)
    assert [clock["kind"] for clock in case["clocks"] if clock["met_at"] is None] == ["resolution"]
    assert case == await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert await house.told(case_id) == [
        "opinion.submitted",
        "case.opened",
        "case.acknowledged",
        "case.answered",
        "case.confirmed",
        "case.answered",
        "case.confirmed",
        "case.reopened",
    ]
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=clerk)
    assert [(entry["verb"], entry["by_role"], entry["to_state"]) for entry in timeline] == [
        ("open", "speaker", "received"),
        ("acknowledge", "official", "acknowledged"),
        ("answer", "official", "answered"),
        ("refuse", "speaker", "in_progress"),
        ("answer", "official", "answered"),
        ("confirm", "speaker", "confirmed_resolved"),
        ("reopen", "speaker", "in_progress"),
    ]
    assert timeline[-1]["reason"] == "Dark again."


async def test_an_answer_to_a_case_that_nobody_acknowledged_acknowledges_it(house: House) -> None:
    case_id = await house.answered()
    assert (await house.told(case_id))[2:] == ["case.acknowledged", "case.answered"]
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert {clock["kind"] for clock in case["clocks"] if clock["met_at"]} == {"acknowledgement", "first_answer"}


async def test_an_administrators_act_is_labelled(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "acknowledge", caller=admin())
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert (timeline[-1]["by_role"], timeline[-1]["by_unit_id"]) == ("admin", None)


async def test_a_wrong_transition_says_the_state_and_what_is_possible(house: House) -> None:
    case_id = await house.answered()
    answer = await house.try_do(case_id, "acknowledge", caller=official("village"))
    assert answer.status_code == 409
    assert answer.json()["detail"] == "The case is answered, so it takes no acknowledge. Possible now: answer, message, invite."


async def test_the_window_for_reopening_ends(house: House) -> None:
    case_id = await house.answered()
    await house.do(case_id, "confirm", CONFIRMED, caller=house.speaker)
    house.clock.advance(days=30, seconds=1)
    assert (await house.get(f"/v1/cases/{case_id}", caller=house.speaker))["allowed"] == []
    answer = await house.try_do(case_id, "reopen", {"reason": "Dark."}, caller=house.speaker)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:reopening-over")


async def test_lists_are_newest_first_and_paged(house: House) -> None:
    ids = [await house.case(unit_id=unit(code)) for code in ("village", "neighbour", "elsewhere", "village", "county")]
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await house.get("/v1/cases", caller=admin(), limit=2, **({"cursor": cursor} if cursor else {}))
        found += [case["id"] for case in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ids[::-1]


async def test_lists_and_counts_filter_by_unit_and_state(house: House) -> None:
    for code in ("village", "village", "neighbour", "elsewhere"):
        await house.case(unit_id=unit(code))
    case_id = await house.case()
    await house.do(case_id, "acknowledge", caller=official("village"))

    async def listed(caller: Principal, **params: str) -> int:
        return len((await house.get("/v1/cases", caller=caller, **params))["items"])

    township, village = str(unit("township")), str(unit("village"))
    assert await listed(admin(), unit_id=township) == 4
    assert await listed(admin(), unit_id=village) == 3
    assert await listed(admin(), unit_id=village, state="acknowledged") == 1
    assert await listed(official("neighbour"), unit_id=township) == 1
    assert await listed(lead("elsewhere"), unit_id=township) == 0
    assert await listed(house.speaker) == 5
    assert await listed(resident()) == 0
    counts = await house.get("/v1/cases/counts", caller=lead("county"), unit_id=village)
    assert (counts["total"], counts["by_state"]["received"], counts["by_state"]["acknowledged"]) == (3, 2, 1)
    assert len(counts["by_state"]) == 9
    assert (await house.client.get("/v1/cases", caller=admin(), params={"unit_id": str(uuid4())})).status_code == 404


async def test_acts_are_idempotent_by_key(house: House) -> None:
    case_id = await house.case()
    path, headers = f"/v1/cases/{case_id}/acknowledge", {"Idempotency-Key": "once"}
    clerk = official("village")
    first = await house.client.post(path, caller=clerk, json={}, headers=headers)
    again = await house.client.post(path, caller=clerk, json={}, headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (await house.told(case_id)).count("case.acknowledged") == 1
    assert len(await house.rows("SELECT 1 FROM case_history WHERE case_id = $1", UUID(case_id))) == 1


async def test_readers_are_whole_also_while_the_tree_is_still_arriving(house: House) -> None:
    """Two units registered in this moment, told by rows alone: no wake-up has come yet."""
    above, below = uuid4(), uuid4()
    statement = """INSERT INTO known_units (id, parent_id, code, name, level, path, version)
        VALUES ($1, $2, $3, $3, 'grassroots', $3, 1)"""
    await house.rows(statement, below, above, "below")
    await house.rows(statement, above, unit("township"), "above")
    filed = await house.submit(unit_id=below)
    codes = ["below", "above", "township", "county", "prefecture", "province"]
    assert [reader["code"] for reader in filed["readers"]] == codes
    answer = await house.try_submit(unit_id=below, about=[str(unit("township"))])
    assert answer.json()["readers"][0]["code"] == "county"
