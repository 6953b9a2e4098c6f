"""Whatever is decided here is told with the codes of the rule and the reason and the role, and without a word."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.feedback.conversations.rules import RejectionGround
from shared.auth import Principal, Role
from tests.feedback.house import House, admin, inspector, lead, official, unit
from tests.feedback.retaliation.voices import every_protection, speak
from tests.feedback.work import work
from tests.shared.problems import assert_problem

WORDS = "Because the mayor's cousin owns it."
HOLD = """
INSERT INTO holds (id, unit_id, channel, held_from, held_until, reason, opinions, usual, placed_at)
VALUES ($1, $2, 'thought', now(), now(), 'burst', 30, 0, now())
"""
Deciding = Callable[[House], Awaitable[UUID]]


async def told(house: House) -> list[Any]:
    return [json.loads(data) for type, data in await house.events() if type == "decision.made"]


async def reject(house: House, caller: Principal | None = None, **said: Any) -> UUID:
    case_id = await house.case()
    await house.do(case_id, "reject", {"reason": WORDS, **said}, caller=caller or official("village"))
    return UUID(case_id)


def appeal(decision: str) -> Deciding:
    async def decide(house: House) -> UUID:
        case_id = await reject(house)
        await house.do(str(case_id), "appeal", {"reason": WORDS}, caller=house.speaker)
        await house.do(str(case_id), "appeal/decide", {"decision": decision, "reason": WORDS}, caller=lead("township"))
        return case_id

    return decide


async def lapse(house: House) -> UUID:
    case_id = await house.answered()
    house.clock.advance(days=30)
    await work(house.service)
    return UUID(case_id)


def report(*, substantiated: bool) -> Deciding:
    async def decide(house: House) -> UUID:
        made = await (await speak(house)).report()
        said = {"substantiated": substantiated, "unit_id": str(unit("village")) if substantiated else None, "reason": WORDS}
        path = f"/v1/retaliation-reports/{made['id']}/decide"
        answer = await house.client.post(path, caller=inspector("township"), json=said)
        assert answer.status_code == 200, answer.text
        return UUID(made["id"])

    return decide


def hold(verb: str) -> Deciding:
    async def decide(house: House) -> UUID:
        hold_id = uuid4()
        await house.service.database.pool.execute(HOLD, hold_id, unit("village"))
        answer = await house.client.post(f"/v1/holds/{hold_id}/{verb}", caller=lead("county"), json={"reason": WORDS})
        assert answer.status_code == 200, answer.text
        return hold_id

    return decide


VILLAGE, TOWNSHIP = unit("village"), unit("township")
DECISIONS: dict[str, tuple[Deciding, str, UUID | None, str, str, str | None, UUID | None]] = {
    "case.rejected": (reject, "case", VILLAGE, "case.rejected-with-reason", "other", Role.official, VILLAGE),
    "case.lapsed": (lapse, "case", VILLAGE, "case.judgement-window-passed", "nobody_judged", None, None),
    "appeal.upheld": (
        appeal("uphold"),
        "case",
        VILLAGE,
        "appeal.unit-above-decides",
        "stands_in_the_case",
        Role.lead,
        TOWNSHIP,
    ),
    "appeal.overturned": (
        appeal("overturn"),
        "case",
        VILLAGE,
        "appeal.unit-above-decides",
        "stands_in_the_case",
        Role.lead,
        TOWNSHIP,
    ),
    "retaliation.substantiated": (
        report(substantiated=True),
        "retaliation-report",
        VILLAGE,
        "retaliation.inspecting-unit-decides",
        "stands_in_the_report",
        Role.inspector,
        None,
    ),
    "retaliation.not-substantiated": (
        report(substantiated=False),
        "retaliation-report",
        None,
        "retaliation.inspecting-unit-decides",
        "stands_in_the_report",
        Role.inspector,
        None,
    ),
    "hold.released": (
        hold("release"),
        "hold",
        VILLAGE,
        "hold.decided-from-above",
        "stands_with_the_hold",
        Role.lead,
        unit("county"),
    ),
    "hold.kept": (
        hold("keep"),
        "hold",
        VILLAGE,
        "hold.decided-from-above",
        "stands_with_the_hold",
        Role.lead,
        unit("county"),
    ),
}
"""What is told of each decision: about what, of which unit, by which rule, why, in which role, by which unit."""


@pytest.mark.parametrize("kind", DECISIONS)
async def test_each_decision_is_told_once_with_rule_reason_and_role(house: House, kind: str) -> None:
    decide, about, unit_id, rule, reason, role, by_unit_id = DECISIONS[kind]
    subject_id = await decide(house)
    (made,) = [each for each in await told(house) if each["kind"] == kind]
    assert made == {
        "decision_id": made["decision_id"],
        "about": about,
        "subject_id": str(subject_id),
        "unit_id": unit_id and str(unit_id),
        "kind": kind,
        "rule": rule,
        "reason": reason,
        "role": role,
        "by_unit_id": by_unit_id and str(by_unit_id),
        "decided_at": house.clock().isoformat().replace("+00:00", "Z"),
    }
    assert WORDS not in str(await house.events())


@pytest.mark.parametrize("ground", RejectionGround)
async def test_a_unit_says_what_its_refusal_comes_down_to(house: House, ground: RejectionGround) -> None:
    await reject(house, ground=ground)
    assert [made["reason"] for made in await told(house)] == [ground]


async def test_an_unknown_ground_is_refused(house: House) -> None:
    case_id = await house.case()
    answer = await house.try_do(case_id, "reject", {"reason": WORDS, "ground": "mood"}, caller=official("village"))
    assert_problem(answer, 422, "invalid-request")
    assert await told(house) == []


async def test_an_administrator_who_rejects_is_told_as_one(house: House) -> None:
    await reject(house, admin())
    assert [(made["role"], made["by_unit_id"]) for made in await told(house)] == [(Role.admin, None)]


async def test_cases_that_are_rejected_together_are_each_told(house: House) -> None:
    main, other = await house.case(), await house.case()
    await house.do(other, "merge", {"into_case_id": main, "reason": "One lamp."}, caller=official("village"))
    await house.do(main, "reject", {"reason": WORDS}, caller=official("village"))
    assert {made["subject_id"] for made in await told(house)} == {main, other}


@every_protection
async def test_what_is_told_of_a_report_is_no_finer_than_the_report(house: House, protection: str) -> None:
    made = await (await speak(house, protection)).report()
    said = {"substantiated": False, "reason": WORDS}
    await house.client.post(f"/v1/retaliation-reports/{made['id']}/decide", caller=lead("township"), json=said)
    (decision,) = await told(house)
    (fact,) = [json.loads(data) for type, data in await house.events(made["id"]) if type == "retaliation.decided"]
    assert decision["decided_at"] == fact["decided_at"]
    if protection == "anonymous":
        assert decision["decided_at"].endswith(":00:00Z")
        milliseconds = UUID(decision["decision_id"]).int >> 80
        assert milliseconds % 3_600_000 == 0
