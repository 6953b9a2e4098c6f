import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.assessment.jobs import follow_plans
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import UpgradePlanDelayed
from tests.assessment.assessors import POOR, Board, open_board
from tests.assessment.cases import judged_cases
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

GAPS = ("response", "resolution", "satisfaction")
BETTER = {"due": 10, "in_time": 10, "judged": 10, "resolved": 9, "rated": 10, "satisfied": 9}
PATH = "/v1/upgrade-plans"


def head(board: Board) -> Principal:
    return board.whoever(Role.lead, board.mid)


def above(board: Board) -> Principal:
    return board.whoever(Role.lead, board.north)


def plan(board: Board, *gaps: str, aim: str = "qualified", days: int = 30) -> Any:
    due_on = (board.office.clock() + timedelta(days=days)).date().isoformat()
    actions = [{"gap": gap, "text": f"Look after {gap}.", "due_on": due_on, "post_id": str(uuid4())} for gap in gaps or GAPS]
    return {"aim": aim, "actions": actions}


async def submitted(office: Office) -> tuple[Board, Any]:
    """By a unit whose grade is published and unqualified."""
    board = await open_board(office, POOR)
    await board.published()
    return board, await office.post(PATH, plan(board), head(board))


async def act(board: Board, made: Any, verb: str, caller: Principal, body: Any = None) -> httpx.Response:
    return await board.office.client.post(f"{PATH}/{made['id']}/{verb}", caller=caller, json=body or {})


async def do(board: Board, made: Any, verb: str, caller: Principal, body: Any = None) -> Any:
    answer = await act(board, made, verb, caller, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def all_done(board: Board, made: Any) -> None:
    for action in made["actions"]:
        await do(board, made, f"actions/{action['id']}/done", head(board), {"evidence_ids": [str(uuid4())]})


async def test_an_unqualified_unit_owes_a_plan_that_everybody_sees(office: Office) -> None:
    board = await open_board(office, POOR)
    grade = await board.published()
    public = f"/v1/public/units/{board.mid['id']}/upgrade-plan"
    owed = await office.get(public, ANONYMOUS)
    assert (owed["state"], owed["overdue"], owed["due_at"]) == ("owed", False, grade["plan_due_at"])
    assert owed["gaps"] == [{"code": gap, "needed": 0.6} for gap in GAPS]
    office.clock.advance(days=31)
    assert (await office.get(public, ANONYMOUS))["overdue"]


async def test_a_plan_that_does_not_come_is_told_to_the_unit_above_once(office: Office) -> None:
    board = await open_board(office, POOR)
    grade = await board.published()
    office.clock.advance(days=30)
    await follow_plans(office.service.works)
    assert await office.recorded(UpgradePlanDelayed) == []
    office.clock.advance(days=1)
    await asyncio.gather(*(follow_plans(office.service.works) for _ in range(3)))
    (event,) = await office.recorded(UpgradePlanDelayed)
    assert isinstance(event, UpgradePlanDelayed)
    assert (str(event.grade_id), str(event.to_unit_id)) == (grade["id"], board.north["id"])
    late = await office.post(PATH, plan(board), head(board))
    assert late["overdue"]


async def test_a_plan_that_came_is_not_told_of(office: Office) -> None:
    await submitted(office)
    office.clock.advance(days=31)
    await follow_plans(office.service.works)
    assert await office.recorded(UpgradePlanDelayed) == []


async def test_a_plan_takes_its_gaps_from_the_tree(office: Office) -> None:
    board, made = await submitted(office)
    assert [(gap["code"], gap["value"], gap["needed"]) for gap in made["gaps"]] == [
        ("response", 0.2, 0.6),
        ("resolution", 0.25, 0.6),
        ("satisfaction", 0.2, 0.6),
    ]
    assert (made["state"], made["overdue"]) == ("submitted", False)
    assert (await office.get(f"/v1/public/units/{board.mid['id']}/upgrade-plan"))["state"] == "owed"


async def test_a_plan_answers_every_gap_of_a_grade_that_can_be_bettered(office: Office) -> None:
    board = await open_board(office, POOR)
    ask = office.client.post
    assert_problem(await ask(PATH, caller=head(board), json=plan(board)), 409, "upgrade-plan-aim")
    await board.published()
    for said, status, slug in (
        (plan(board, "response"), 422, "upgrade-plan-leaves-gap"),
        (plan(board, *GAPS, "weather"), 422, "upgrade-plan-no-such-gap"),
        (plan(board, aim="excellent"), 409, "upgrade-plan-aim"),
        (plan(board, days=-1), 422, "upgrade-plan-past"),
        ({"aim": "qualified", "actions": []}, 422, ""),
    ):
        assert_problem(await ask(PATH, caller=head(board), json=said), status, slug)
    assert_problem(await ask(PATH, caller=principal(Role.lead), json=plan(board)), 403, "unit-needed")
    for role in (Role.resident, Role.inspector, Role.admin):
        assert_problem(await ask(PATH, caller=board.whoever(role, board.mid), json=plan(board)), 403, "role-not-allowed")


async def test_a_unit_has_one_open_plan(office: Office) -> None:
    board = await open_board(office, POOR)
    await board.published()
    answers = await asyncio.gather(*(office.client.post(PATH, caller=head(board), json=plan(board)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    (made,) = (await office.get(PATH))["items"]
    await do(board, made, "return", above(board), {"reason": "Name the streets."})
    await office.post(PATH, plan(board), head(board))


async def test_only_a_unit_above_accepts(office: Office) -> None:
    board, made = await submitted(office)
    assert_problem(await act(board, made, "accept", head(board)), 403, "upgrade-plan-not-above")
    for caller in (principal(Role.inspector), board.whoever(Role.inspector, board.other)):
        assert_problem(await act(board, made, "accept", caller), 403, "upgrade-plan-not-above")
    assert_problem(await act(board, made, "accept", board.whoever(Role.lead, board.other)), 404, "upgrade-plan-not-found")
    assert_problem(await act(board, made, "accept", board.whoever(Role.official, board.mid)), 403, "role-not-allowed")
    accepted = await do(board, made, "accept", above(board))
    assert (accepted["state"], accepted["decided_by_unit_id"]) == ("accepted", board.north["id"])
    assert_problem(await act(board, made, "accept", ADMIN), 409, "upgrade-plan-state")
    assert_problem(await act(board, made, "return", ADMIN, {"reason": "No."}), 409, "upgrade-plan-state")


async def test_citizens_see_actions_and_dates_and_no_person(office: Office) -> None:
    board, made = await submitted(office)
    await do(board, made, "accept", above(board))
    shown = await office.get(f"/v1/public/units/{board.mid['id']}/upgrade-plan", ANONYMOUS)
    assert (shown["state"], shown["aim"]) == ("accepted", "qualified")
    assert shown["actions"][0] == {
        "gap": "response",
        "text": "Look after response.",
        "due_on": made["actions"][0]["due_on"],
        "done_at": None,
    }
    assert not [each for each in (str(head(board).account_id), made["actions"][0]["post_id"]) if each in str(shown)]


async def test_nothing_is_done_without_evidence(office: Office) -> None:
    board, made = await submitted(office)
    action = f"actions/{made['actions'][0]['id']}/done"
    shown = {"evidence_ids": [str(uuid4())]}
    assert_problem(await act(board, made, action, head(board), shown), 409, "upgrade-plan-state")
    await do(board, made, "accept", above(board))
    assert_problem(await act(board, made, action, head(board), {"evidence_ids": []}), 422)
    assert_problem(await act(board, made, action, above(board), shown), 403, "upgrade-plan-not-yours")
    assert_problem(await act(board, made, f"actions/{uuid4()}/done", head(board), shown), 404, "upgrade-action-not-found")
    assert_problem(await act(board, made, "reassess", head(board)), 409, "upgrade-plan-actions-open")
    office.clock.advance(hours=1)
    done = await do(board, made, action, head(board), shown)
    assert done["actions"][0]["done_at"] == office.clock().isoformat().replace("+00:00", "Z")
    again = await do(board, made, action, head(board), {"evidence_ids": [str(uuid4())]})
    assert len(again["actions"][0]["evidence_ids"]) == 2
    assert again["actions"][0]["done_at"] == done["actions"][0]["done_at"]


async def test_a_unit_is_graded_anew_over_what_happened_since_and_only_by_two(office: Office) -> None:
    board, made = await submitted(office)
    old = await board.grade()
    await do(board, made, "accept", above(board))
    await office.hear(judged_cases(board.mid, **BETTER, hours=31 * 24 + 1))
    await all_done(board, made)
    office.clock.advance(days=60)
    assert_problem(await act(board, made, "reassess", above(board)), 403, "upgrade-plan-not-yours")
    after = await do(board, made, "reassess", head(board))
    new = await board.grade()
    assert (after["state"], after["new_grade_id"]) == ("reassessed", new["id"])
    assert (new["cause"], new["state"], new["value"]) == ("reassessment", "proposed", "excellent")
    assert new["period"]["starts_at"] > old["period"]["ends_at"]
    assert (await board.public())["value"] == "unqualified"
    await board.sign(new)
    assert (await board.public())["value"] == "excellent"
    assert (await office.get(f"/v1/public/units/{board.mid['id']}/upgrade-plan"))["state"] == "reassessed"
    assert_problem(await act(board, made, "reassess", head(board)), 409, "upgrade-plan-state")
    kinds = [each["kind"] for each in (await office.get("/v1/public/decisions", subject_id=made["id"]))["items"]]
    assert kinds == ["upgrade-plan.accepted", *["upgrade-plan.action-done"] * 3, "upgrade-plan.reassessed"]


async def test_without_evidence_since_there_is_no_upgrade(office: Office) -> None:
    board, made = await submitted(office)
    await do(board, made, "accept", above(board))
    await all_done(board, made)
    office.clock.advance(days=60)
    await do(board, made, "reassess", head(board))
    assert (await board.grade())["value"] == "not_graded"


async def test_a_qualified_unit_applies_for_excellent(office: Office) -> None:
    board = await open_board(office)
    await board.published()
    public = f"/v1/public/units/{board.mid['id']}/upgrade-plan"
    assert_problem(await office.client.get(public), 404, "upgrade-plan-not-found")
    made = await office.post(PATH, plan(board, "resolution", "satisfaction", aim="excellent"), head(board))
    assert (made["due_at"], made["overdue"]) == (None, False)
    await do(board, made, "accept", above(board))
    assert (await office.get(public, ANONYMOUS))["aim"] == "excellent"


async def test_plans_are_read_by_those_who_answer_for_the_unit_and_those_who_assess(office: Office) -> None:
    board, made = await submitted(office)
    path = f"{PATH}/{made['id']}"
    for caller in (board.whoever(Role.official, board.mid), head(board), above(board), principal(Role.inspector)):
        assert (await office.get(path, caller))["id"] == made["id"]
    for caller in (board.whoever(Role.lead, board.other), board.whoever(Role.official, board.north)):
        assert_problem(await office.client.get(path, caller=caller), 404, "upgrade-plan-not-found")
        assert (await office.get(PATH, caller))["items"] == []
    for hidden in (path, PATH):
        assert_problem(await office.client.get(hidden, caller=principal(Role.resident)), 403)
        assert_problem(await office.client.get(hidden, caller=ANONYMOUS), 401)


@pytest.mark.parametrize("query", [*HOSTILE_QUERIES, {"state": "x"}], ids=str)
async def test_plans_refuse_hostile_queries(office: Office, query: dict[str, str]) -> None:
    assert_problem(await office.client.get(PATH, caller=ADMIN, params=query), 422)
