import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.assessment.jobs import end_grades, follow_objections
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import GradePublished, ObjectionDelayed
from tests.assessment.assessors import GOOD, Board, open_board
from tests.assessment.cases import Story, judged_cases
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

SAID = {"grounds": "counted_wrongly", "text": "Two cases are not ours.", "criteria": ["resolution"]}
DISMISSED = {"outcome": "dismissed", "reason": "They are yours."}
REVIEWER = principal(Role.inspector)


def head(board: Board) -> Principal:
    return board.whoever(Role.lead, board.mid)


async def object_to(board: Board, grade: Any, **said: Any) -> Any:
    return await board.office.post(f"/v1/grades/{grade['id']}/objections", {**SAID, **said}, head(board))


async def decide(board: Board, objection: Any, said: Any, reviewer: Principal = REVIEWER) -> Any:
    return await board.office.client.post(f"/v1/objections/{objection['id']}/decide", caller=reviewer, json=said)


async def board_with_a_case(office: Office) -> tuple[Board, UUID]:
    """One case that is not resolved, beside those of `GOOD`."""
    board = await open_board(office)
    story = Story(board.mid)
    await office.hear([story.opened(), story.acknowledged(), story.answered(), story.confirmed(resolved=False, satisfied=False)])
    await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})
    return board, story.id


async def test_the_graded_unit_objects_and_the_grade_is_shown_as_objected_to(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    objection = await object_to(board, grade, evidence_ids=[str(uuid4())])
    assert (objection["state"], objection["overdue"], objection["raised_by"]) == ("open", False, None)
    shown = await board.public()
    assert (shown["state"], shown["value"]) == ("under_objection", "qualified")
    assert (await office.get("/v1/objections", head(board)))["items"] == [objection]
    (decision,) = (await office.get("/v1/public/decisions", ANONYMOUS, kind="objection.raised"))["items"]
    assert decision["rule"] == "objection.by-the-unit-within-the-window"
    assert "not ours" not in str(decision)


async def test_only_the_graded_unit_objects(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    path = f"/v1/grades/{grade['id']}/objections"
    above = board.whoever(Role.lead, board.north)
    assert_problem(await office.client.post(path, caller=above, json=SAID), 403, "objection-not-yours")
    beside = board.whoever(Role.official, board.other)
    assert_problem(await office.client.post(path, caller=beside, json=SAID), 404, "grade-not-found")
    for role in (Role.resident, Role.inspector, Role.admin):
        assert_problem(await office.client.post(path, caller=board.whoever(role, board.mid), json=SAID), 403)
    assert_problem(await office.client.post(path, caller=head(board), json={**SAID, "grounds": "anger"}), 422)
    await office.post(path, SAID, board.whoever(Role.official, board.mid))


async def test_nobody_objects_twice_nor_before_publication(office: Office) -> None:
    board = await open_board(office)
    grade = await board.grade()
    path = f"/v1/grades/{grade['id']}/objections"
    assert_problem(await office.client.post(path, caller=head(board), json=SAID), 409, "objection-window-closed")
    await board.sign(grade)
    answers = await asyncio.gather(*(office.client.post(path, caller=head(board), json=SAID) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_the_window_ends_on_the_moment(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    office.clock.advance(days=15)
    await object_to(board, grade)
    late = await board.published(board.other)
    office.clock.advance(days=15, microseconds=1)
    caller = board.whoever(Role.lead, board.other)
    answer = await office.client.post(f"/v1/grades/{late['id']}/objections", caller=caller, json=SAID)
    assert_problem(answer, 409, "objection-window-closed")


async def test_at_the_edge_of_the_window_either_the_objection_or_the_confirmation_is_there(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    office.clock.advance(days=15)
    objecting = office.client.post(f"/v1/grades/{grade['id']}/objections", caller=head(board), json=SAID)
    answer, _ = await asyncio.gather(objecting, end_grades(office.service.works))
    state = (await board.grade())["state"]
    assert state == ("under_objection" if answer.status_code == 201 else "confirmed")


async def test_dismissed_the_grade_is_confirmed(office: Office) -> None:
    board = await open_board(office)
    objection = await object_to(board, await board.published())
    decided = (await decide(board, objection, DISMISSED)).json()
    assert (decided["state"], decided["reason"], decided["new_grade_id"]) == ("dismissed", DISMISSED["reason"], None)
    assert (await board.public())["state"] == "confirmed"
    assert_problem(await decide(board, objection, DISMISSED), 409, "objection-decided")


async def test_upheld_the_grade_is_counted_without_the_case_and_signed_anew(office: Office) -> None:
    board, case_id = await board_with_a_case(office)
    old = await board.published()
    objection = await object_to(board, old)
    corrections = [{"criterion": "resolution", "case_ids": [str(case_id)], "reason": "It was handed to us after the verdict."}]
    said = {"outcome": "upheld", "reason": "One case was never theirs.", "corrections": corrections}
    answer = await decide(board, objection, said)
    assert answer.status_code == 200, answer.text
    assert (await board.public())["state"] == "corrected"
    new = await board.grade()
    assert (new["id"], new["state"], new["cause"]) == (answer.json()["new_grade_id"], "proposed", "correction")
    assert new["supersedes_id"] == old["id"]
    (correction,) = new["corrections"]
    assert (correction["before"], correction["after"]) == ({"hits": 6, "n": 9}, {"hits": 6, "n": 8})
    assert (correction["rule"], correction["excluded_case_ids"]) == ("grade.corrected-on-objection", [str(case_id)])
    assert len(await office.recorded(GradePublished)) == 1
    new = await board.sign(new)
    shown = await board.public()
    assert (shown["id"], shown["state"]) == (new["id"], "published")
    assert shown["corrections"][0]["reason"] == corrections[0]["reason"]
    assert "before" not in shown["corrections"][0]
    assert str(case_id) not in str(shown)
    assert (await office.get(f"/v1/grades/{old['id']}"))["state"] == "superseded"
    assert (await office.get(f"/v1/grades/{new['id']}/recomputation"))["same"]
    assert len(await office.recorded(GradePublished)) == 2


async def test_a_returned_correction_still_goes_without_the_case(office: Office) -> None:
    board, case_id = await board_with_a_case(office)
    objection = await object_to(board, await board.published())
    corrections = [{"criterion": "resolution", "case_ids": [str(case_id)], "reason": "Not theirs."}]
    await decide(board, objection, {"outcome": "upheld", "reason": "Not theirs.", "corrections": corrections})
    new = await board.grade()
    returned = (await board.act(new, "return", board.first, {"reason": "Look again."})).json()
    assert (returned["version"], returned["composite_exact"]) == (2, new["composite_exact"])


async def test_upheld_without_cases_takes_in_what_was_heard_since(office: Office) -> None:
    board = await open_board(office)
    objection = await object_to(board, await board.published())
    await office.hear(judged_cases(board.mid, **{**GOOD, "resolved": 8}))
    said = {"outcome": "upheld", "reason": "Late news.", "corrections": [{"criterion": "resolution", "reason": "Late news."}]}
    await decide(board, objection, said)
    rules = {each["criterion"]: each["rule"] for each in (await board.grade())["corrections"]}
    anew = "grade.counted-anew"
    assert rules == {"resolution": "grade.corrected-on-objection", "response": anew, "satisfaction": anew}


async def test_the_reviewer_is_outside_the_chain_and_did_not_sign(office: Office) -> None:
    board = await open_board(office)
    objection = await object_to(board, await board.published())
    for unit in (board.mid, board.north, board.low):
        answer = await decide(board, objection, DISMISSED, board.whoever(Role.inspector, unit))
        assert_problem(answer, 403, "grade-in-your-chain")
    assert_problem(await decide(board, objection, DISMISSED, board.first), 403, "reviewer-has-signed")
    for role in (Role.lead, Role.admin, Role.official, Role.resident):
        assert_problem(await decide(board, objection, DISMISSED, board.whoever(role, board.other)), 403, "role-not-allowed")
    assert_problem(await decide(board, {"id": uuid4()}, DISMISSED), 404, "objection-not-found")


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ({"outcome": "upheld", "reason": "So."}, "corrections-missing"),
        ({**DISMISSED, "corrections": [{"criterion": "response", "reason": "So."}]}, "corrections-without-effect"),
        (
            {"outcome": "upheld", "reason": "So.", "corrections": [{"criterion": "response", "reason": "So."}] * 2},
            "criterion-corrected-twice",
        ),
        (
            {
                "outcome": "upheld",
                "reason": "So.",
                "corrections": [{"criterion": "response", "reason": "So.", "case_ids": [str(UUID(int=7))]}],
            },
            "case-not-counted",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_decision_needs_corrections_that_count(office: Office, said: Any, slug: str) -> None:
    board = await open_board(office)
    objection = await object_to(board, await board.published())
    assert_problem(await decide(board, objection, said), 422, slug)
    assert (await board.public())["state"] == "under_objection"


async def test_nothing_takes_the_place_of_a_grade_under_objection(office: Office) -> None:
    board = await open_board(office)
    await office.schedule_campaign(board.north, board.standard, code="autumn", days=1)
    objection = await object_to(board, await board.published())
    office.clock.advance(days=2)
    await board.propose()
    newer = await board.grade()
    assert (await board.act(newer, "sign", board.first)).status_code == 200
    assert_problem(await board.act(newer, "sign", board.second), 409, "grade-under-objection")
    await decide(board, objection, DISMISSED)
    await board.sign(newer, board.second)


async def test_a_review_that_is_late_is_told_to_the_unit_above_once(office: Office) -> None:
    board = await open_board(office)
    objection = await object_to(board, await board.published())
    office.clock.advance(days=14)
    await follow_objections(office.service.works)
    assert await office.recorded(ObjectionDelayed) == []
    office.clock.advance(days=2)
    await asyncio.gather(*(follow_objections(office.service.works) for _ in range(3)))
    (event,) = await office.recorded(ObjectionDelayed)
    assert isinstance(event, ObjectionDelayed)
    assert (str(event.key), str(event.to_unit_id)) == (objection["id"], board.north["id"])
    assert (await office.get(f"/v1/objections/{objection['id']}"))["overdue"]
    assert (await decide(board, objection, DISMISSED)).status_code == 200


async def test_objections_are_read_by_those_who_answer_for_the_unit_and_those_who_assess(office: Office) -> None:
    board = await open_board(office)
    objection = await object_to(board, await board.published())
    path = f"/v1/objections/{objection['id']}"
    for caller in (head(board), board.whoever(Role.lead, board.north), board.whoever(Role.inspector, board.other)):
        assert (await office.get(path, caller))["text"] == SAID["text"]
    assert (await office.get(path, REVIEWER))["raised_by"] is not None
    beside = board.whoever(Role.lead, board.other)
    assert_problem(await office.client.get(path, caller=beside), 404, "objection-not-found")
    assert (await office.get("/v1/objections", beside))["items"] == []
    for hidden in (path, "/v1/objections"):
        assert_problem(await office.client.get(hidden, caller=principal(Role.resident)), 403)
        assert_problem(await office.client.get(hidden, caller=ANONYMOUS), 401)


@pytest.mark.parametrize("query", [*HOSTILE_QUERIES, {"state": "x"}], ids=str)
async def test_objections_refuse_hostile_queries(office: Office, query: dict[str, str]) -> None:
    assert_problem(await office.client.get("/v1/objections", caller=ADMIN, params=query), 422)
