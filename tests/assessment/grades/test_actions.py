import asyncio
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from services.assessment.grades.actions import proposing
from services.assessment.grades.models import OWES_PLAN
from services.assessment.jobs import end_grades, propose_grades
from services.assessment.objections.models import WAITS
from shared.auth import Role
from shared.events.assessment import GradePublished
from tests.assessment.assessors import open_board
from tests.assessment.cases import judged_cases
from tests.assessment.office import Office
from tests.support.callers import principal


async def test_two_who_sign_at_once_publish_once(office: Office) -> None:
    board = await open_board(office)
    grade = await board.grade()
    answers = await asyncio.gather(*(board.act(grade, "sign", caller) for caller in (board.first, board.second)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await board.grade())["state"] == "published"
    assert len(await office.recorded(GradePublished)) == 1


async def test_of_five_who_sign_at_once_two_do(office: Office) -> None:
    board = await open_board(office)
    grade = await board.grade()
    callers = [principal(Role.inspector) for _ in range(5)]
    answers = await asyncio.gather(*(board.act(grade, "sign", caller) for caller in callers))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
    assert (await board.grade())["signatures_given"] == 2


async def test_one_account_that_signs_twice_at_once_signs_once(office: Office) -> None:
    board = await open_board(office)
    grade = await board.grade()
    answers = await asyncio.gather(*(board.act(grade, "sign", board.first) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert (await board.grade())["state"] == "signed"


async def test_what_is_counted_anew_meanwhile_is_not_signed_as_it_was(office: Office) -> None:
    """Whichever comes first: the signature is on the version that it names, or there is none."""
    board = await open_board(office)
    grade = await board.grade()
    asking = office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})
    answer, _ = await asyncio.gather(board.act(grade, "sign", board.first), asking)
    after = await board.grade()
    signed = answer.status_code == 200
    assert (after["version"], after["signatures_given"]) == ((1, 1) if signed else (2, 0))


async def test_a_large_campaign_is_graded_in_batches_that_resume(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "BATCH", 2)
    north = await office.register_unit("north", "province")
    units = [north, *[await office.register_unit(f"unit-{number}", "county", north) for number in range(5)]]
    await office.schedule_campaign(north, await office.adopt_standard(), days=1)
    await office.hear(judged_cases(units[1], due=6, in_time=6, judged=6, resolved=6, rated=6, satisfied=6))
    office.clock.advance(days=2)
    rounds = 0
    while await propose_grades(office.service.works):
        rounds += 1
        assert len(await graded(office)) <= 2 * rounds
    assert sorted(await graded(office)) == sorted(unit["id"] for unit in units)


async def test_workers_at_once_propose_each_grade_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "BATCH", 2)
    north = await office.register_unit("north", "province")
    for number in range(6):
        await office.register_unit(f"unit-{number}", "county", north)
    await office.schedule_campaign(north, await office.adopt_standard(), days=1)
    office.clock.advance(days=2)
    while any(await asyncio.gather(*(propose_grades(office.service.works) for _ in range(3)))):
        pass
    found = (await office.get("/v1/grades", limit=100))["items"]
    assert len(found) == 7
    assert {grade["version"] for grade in found} == {1}


async def graded(office: Office) -> list[str]:
    return [grade["unit_id"] for grade in (await office.get("/v1/grades", limit=100))["items"]]


async def test_a_batch_costs_the_same_number_of_statements_however_many_units_are_in_it(office: Office) -> None:
    north = await office.register_unit("north", "province")
    standard = await office.adopt_standard()
    counts = []
    for size in (1, 12):
        for number in range(size):
            await office.register_unit(f"unit-{size}-{number}", "county", north)
        campaign = await office.schedule_campaign(north, standard, code=f"of-{size}")
        counts.append(await statements(office, campaign))
    assert counts[0] == counts[1]


async def statements(office: Office, campaign: Any) -> int:
    seen = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        await office.post(f"/v1/campaigns/{campaign['id']}/grades", {})
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)
    return len(seen)


async def test_windows_are_closed_once_whoever_closes_them(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    office.clock.advance(days=16)
    await asyncio.gather(*(end_grades(office.service.works) for _ in range(3)))
    decisions = (await office.get("/v1/decisions", subject_id=grade["id"], kind="grade.confirmed"))["items"]
    assert len(decisions) == 1


async def test_timed_work_finds_what_is_due_by_index(office: Office) -> None:
    plans = {
        "SELECT id FROM grades WHERE state = 'published' AND objectable_until < now()": "grades_open_to_objection",
        "SELECT id FROM grades WHERE state IN ('published', 'confirmed', 'corrected') AND valid_until < now()": "grades_lasting",
        f"SELECT id FROM grades WHERE {OWES_PLAN} AND plan_due_at < now()": "grades_owing_plan",
        f"SELECT id FROM objections WHERE {WAITS} AND review_due_at < now()": "objections_waiting",
        "SELECT id FROM grade_runs WHERE finished_at IS NULL ORDER BY id LIMIT 1": "grade_runs_unfinished",
    }
    for statement, index in plans.items():
        async with office.service.database.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off")
            lines = await connection.fetch(f"EXPLAIN {statement}")
        assert index in "\n".join(line[0] for line in lines), statement
