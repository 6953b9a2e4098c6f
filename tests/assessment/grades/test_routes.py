import json
from uuid import UUID, uuid4

import pytest

from services.assessment.jobs import find_alarms
from shared.auth import ANONYMOUS, Role
from shared.events.assessment import GradedAs, GradeExpired, GradePublished
from tests.assessment.assessors import GOOD, POOR, Board, open_board
from tests.assessment.cases import Story, judged_cases, retaliation_decided
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.assessment.outcomes.test_routes import call, day, hear_residents, measure, record
from tests.support.callers import principal

REASON = {"reason": "The bridge cases are counted twice."}


async def test_when_a_campaign_ends_every_unit_gets_a_grade_proposed(office: Office) -> None:
    board = await open_board(office)
    grades = (await office.get("/v1/grades", campaign_id=board.campaign["id"]))["items"]
    assert {grade["unit_id"] for grade in grades} == {
        unit["id"] for unit in (board.north, board.mid, board.low, board.other, board.far)
    }
    assert {grade["state"] for grade in grades} == {"proposed"}
    mid = await board.grade()
    assert (mid["value"], mid["composite_exact"], mid["version"]) == ("qualified", "279/400", 1)
    assert mid["reason"] == "qualified: composite 0.69 reaches 0.60; 0.85 would be excellent"
    assert (await board.grade(board.other))["value"] == "not_graded"


async def test_nothing_is_proposed_before_the_campaign_ends_and_nothing_twice(office: Office) -> None:
    unit = await office.register_unit("north")
    campaign = await office.schedule_campaign(unit, await office.adopt_standard())
    board = Board(office, unit, unit, unit, unit, unit, campaign, ADMIN, ADMIN)
    await board.propose()
    assert (await office.get("/v1/grades"))["items"] == []
    office.clock.advance(days=30)
    await board.propose()
    await board.propose()
    assert len((await office.get("/v1/grades"))["items"]) == 1


async def test_only_units_of_the_standards_level_are_graded(office: Office) -> None:
    board = await open_board(office, level="county")
    grades = (await office.get("/v1/grades", campaign_id=board.campaign["id"]))["items"]
    assert {grade["unit_id"] for grade in grades} == {board.mid["id"], board.other["id"], board.far["id"]}


async def test_two_persons_outside_the_chain_publish_a_grade(office: Office) -> None:
    board = await open_board(office)
    once = await board.sign(await board.grade(), board.first)
    assert (once["state"], once["signatures_given"], once["signatures_needed"]) == ("signed", 1, 2)
    assert_problem(await office.client.get(f"/v1/public/units/{board.mid['id']}/grade"), 404, "grade-not-published")
    assert await office.recorded(GradePublished) == []
    twice = await board.sign(once, board.second)
    assert (twice["state"], twice["signatures_given"]) == ("published", 2)
    assert twice["published_at"] == office.clock().isoformat().replace("+00:00", "Z")
    (event,) = await office.recorded(GradePublished)
    assert isinstance(event, GradePublished)
    assert (str(event.grade_id), str(event.key), event.value) == (twice["id"], board.mid["id"], GradedAs.qualified)


@pytest.mark.parametrize("role", [Role.lead, Role.inspector])
async def test_nobody_of_the_chain_signs(office: Office, role: Role) -> None:
    board = await open_board(office)
    grade = await board.grade()
    for unit in (board.mid, board.north):
        assert_problem(await board.act(grade, "sign", board.whoever(role, unit)), 403, "grade-in-your-chain")
        assert_problem(await board.act(grade, "return", board.whoever(role, unit), REASON), 403, "grade-in-your-chain")
    below = await board.act(grade, "sign", board.whoever(role, board.low))
    assert_problem(below, 403 if role is Role.inspector else 404)
    assert (await board.grade())["state"] == "proposed"


async def test_whose_unit_is_not_known_does_not_sign(office: Office) -> None:
    board = await open_board(office)
    grade = await board.grade()
    assert_problem(await board.act(grade, "sign", principal(Role.inspector, uuid4())), 403, "grade-in-your-chain")
    assert_problem(await board.act(grade, "sign", principal(Role.lead)), 404, "grade-not-found")


async def test_a_lead_outside_the_chain_reads_what_is_to_be_signed_and_signs(office: Office) -> None:
    board = await open_board(office)
    lead = board.whoever(Role.lead, board.other)
    grade = await office.get(f"/v1/grades/{(await board.grade())['id']}", lead)
    assert grade["explanation"]["criteria"][1]["n"] == 8
    await board.sign(grade, lead, board.first)
    assert_problem(await office.client.get(f"/v1/grades/{grade['id']}", caller=lead), 404, "grade-not-found")


async def test_nobody_signs_twice_and_nobody_signs_what_is_published(office: Office) -> None:
    board = await open_board(office)
    grade = await board.sign(await board.grade(), board.first)
    assert_problem(await board.act(grade, "sign", board.first), 409, "grade-signed-by-you")
    await board.sign(grade, board.second)
    assert_problem(await board.act(grade, "sign", principal(Role.inspector)), 409, "grade-state")
    assert_problem(await board.act(grade, "return", principal(Role.inspector), REASON), 409, "grade-state")


async def test_many_are_signed_at_once_and_what_cannot_be_is_told_apart(office: Office) -> None:
    board = await open_board(office)
    mid, other, far = [await board.grade(unit) for unit in (board.mid, board.other, board.far)]
    unknown = str(uuid4())
    seen = [{"grade_id": each["id"], "version": each["version"]} for each in (far, mid, other)]
    seen[2]["version"] = 9
    answer = await office.client.post(
        "/v1/grades/sign", caller=board.second, json={"grades": [*seen, {"grade_id": unknown, "version": 1}]}
    )
    assert answer.status_code == 200, answer.text
    assert [(each["grade_id"], each["state"], each["problem"]) for each in answer.json()["items"]] == [
        (far["id"], None, "grade-in-your-chain"),
        (mid["id"], "signed", None),
        (other["id"], None, "changed-meanwhile"),
        (unknown, None, "grade-not-found"),
    ]
    both = {"grades": [{"grade_id": each["id"], "version": 1} for each in (other, mid)]}
    answer = await office.client.post("/v1/grades/sign", caller=board.first, json=both)
    assert [each["state"] for each in answer.json()["items"]] == ["signed", "published"]
    assert [str(event.key) for event in await office.recorded(GradePublished)] == [board.mid["id"]]
    assert [(await board.grade(unit))["signatures_given"] for unit in (board.mid, board.other, board.far)] == [2, 1, 0]


async def test_signing_many_names_each_once(office: Office) -> None:
    named = {"grade_id": str(uuid4()), "version": 1}
    for grades in ([], [named, named], [named] * 201):
        answer = await office.client.post("/v1/grades/sign", caller=principal(Role.inspector), json={"grades": grades})
        assert_problem(answer, 422)


@pytest.mark.parametrize("role", [Role.resident, Role.official, Role.admin])
async def test_other_roles_do_not_sign(office: Office, role: Role) -> None:
    board = await open_board(office)
    grade = await board.grade()
    assert_problem(await board.act(grade, "sign", board.whoever(role, board.other)), 403, "role-not-allowed")


async def test_what_is_signed_is_what_was_seen(office: Office) -> None:
    board = await open_board(office)
    seen = await board.grade()
    await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})
    assert_problem(await board.act(seen, "sign", board.first), 412, "changed-meanwhile")
    assert_problem(await office.client.post(f"/v1/grades/{seen['id']}/sign", caller=board.first, json={}), 422)
    answer = await office.client.get(f"/v1/grades/{seen['id']}", caller=board.first)
    assert answer.headers["ETag"] == '"2"'
    await board.sign(answer.json(), board.first)


async def test_returning_needs_a_reason_and_counts_anew(office: Office) -> None:
    board = await open_board(office)
    grade = await board.sign(await board.grade(), board.first)
    assert_problem(await board.act(grade, "return", board.second, {}), 422)
    late = judged_cases(board.mid, due=10, in_time=10, judged=10, resolved=10, rated=10, satisfied=10)
    await office.hear(late)
    answer = await board.act(grade, "return", board.second, REASON)
    assert answer.status_code == 200, answer.text
    returned = answer.json()
    assert (returned["state"], returned["version"], returned["signatures"]) == ("proposed", 2, [])
    assert returned["composite_exact"] == "177/200"
    decisions = (await office.get("/v1/decisions", subject_id=grade["id"]))["items"]
    assert [each["kind"] for each in decisions] == ["grade.proposed", "grade.signed", "grade.returned"]
    assert decisions[-1]["reason"] == REASON["reason"]
    await board.sign(returned)


async def test_asking_again_counts_what_nobody_signed_anew_and_leaves_the_rest(office: Office) -> None:
    board = await open_board(office)
    await board.sign(await board.grade(), board.first)
    inspector = principal(Role.inspector)
    run = await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {}, inspector)
    assert run == {
        "campaign_id": board.campaign["id"], "unit_id": board.north["id"], "proposed": 4, "finished": True,
    }  # fmt: skip
    assert [(await board.grade(unit))["version"] for unit in (board.mid, board.low)] == [1, 2]


async def test_asking_refuses_what_cannot_be_graded(office: Office) -> None:
    unit, elsewhere = await office.register_unit("north"), await office.register_unit("south")
    standard = await office.adopt_standard()
    later = await office.schedule_campaign(unit, standard, code="later", start=5)
    now = await office.schedule_campaign(unit, standard, code="now")
    ask = office.client.post
    assert_problem(await ask(f"/v1/campaigns/{later['id']}/grades", caller=ADMIN, json={}), 409, "campaign-not-begun")
    assert_problem(await ask(f"/v1/campaigns/{uuid4()}/grades", caller=ADMIN, json={}), 404, "campaign-not-found")
    path = f"/v1/campaigns/{now['id']}/grades"
    assert_problem(await ask(path, caller=ADMIN, json={"unit_id": str(uuid4())}), 404, "unit-not-found")
    assert_problem(await ask(path, caller=ADMIN, json={"unit_id": elsewhere["id"]}), 422, "unit-not-covered")
    assert_problem(await ask(path, caller=ADMIN, json={"unit_id": unit["id"], "below": True}), 422)
    for role in (Role.resident, Role.official, Role.lead):
        assert_problem(await ask(path, caller=principal(role, UUID(unit["id"])), json={}), 403, "role-not-allowed")


async def test_a_grade_recomputes_to_itself_from_what_is_stored(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    await office.hear(judged_cases(board.mid, **POOR))
    again = await office.get(f"/v1/grades/{grade['id']}/recomputation")
    assert again == {
        "grade_id": grade["id"],
        "value": "qualified",
        "composite_exact": "279/400",
        "stored_value": "qualified",
        "stored_composite_exact": "279/400",
        "same": True,
    }


async def test_order_and_repetition_of_events_change_no_grade(office: Office) -> None:
    board = await open_board(office)
    before = await board.grade()
    events = judged_cases(board.other, **GOOD)
    await office.hear(reversed(events))
    await office.hear(events)
    await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.other["id"]})
    assert (await board.grade(board.other))["composite_exact"] == before["composite_exact"]


async def test_a_gate_is_part_of_the_grade_and_stays_in_it(office: Office) -> None:
    board = await open_board(office)
    await office.hear([retaliation_decided(board.mid)])
    await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})
    grade = await board.published()
    assert grade["value"] == "unqualified"
    assert [gate["code"] for gate in grade["explanation"]["gates"]] == ["retaliation"]
    assert grade["plan_due_at"] is not None
    assert (await board.public())["value"] == "unqualified"


async def test_not_graded_is_published_with_what_is_missing(office: Office) -> None:
    board = await open_board(office)
    await board.published(board.other)
    shown = await board.public(board.other)
    assert (shown["value"], shown["composite"]) == ("not_graded", None)
    assert shown["explanation"]["missing"] == ["response", "resolution", "satisfaction"]


async def test_the_public_sees_no_person_and_nothing_on_fewer_than_five(office: Office) -> None:
    board = await open_board(office, {**GOOD, "judged": 8, "rated": 3, "satisfied": 3}, minimum_sample=1)
    grade = await board.published()
    assert grade["value"] == "not_graded"
    assert grade["explanation"]["criteria"][2]["n"] == 3
    shown = await office.get(f"/v1/public/units/{board.mid['id']}/grade", ANONYMOUS)
    assert (shown["value"], shown["reason"]) == (grade["value"], grade["reason"])
    satisfaction = shown["explanation"]["criteria"][2]
    assert (satisfaction["suppressed"], satisfaction["n"], satisfaction["value"]) == (True, None, None)
    assert shown["signatures_given"] == 2
    for person in (board.first, board.second):
        assert str(person.account_id) not in str(shown)
    assert "signatures" not in shown


async def test_the_unit_learns_who_signed_by_unit_and_only_after_publication(office: Office) -> None:
    board = await open_board(office)
    head = board.whoever(Role.lead, board.mid)
    grade = await board.sign(await board.grade(), board.first)
    path = f"/v1/grades/{grade['id']}"
    before = await office.get(path, head)
    assert (before["signatures"], before["signatures_given"]) == ([], 1)
    await board.sign(grade, board.second)
    after = await office.get(path, head)
    assert [each["unit_id"] for each in after["signatures"]] == [None, board.far["id"]]
    assert [each["account_id"] for each in after["signatures"]] == [None, None]
    seen = await office.get(path, principal(Role.inspector))
    assert [each["account_id"] for each in seen["signatures"]] == [str(board.first.account_id), str(board.second.account_id)]


async def test_grades_are_read_by_those_who_answer_for_the_unit(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    path = f"/v1/grades/{grade['id']}"
    for role, unit in ((Role.official, board.mid), (Role.lead, board.mid), (Role.lead, board.north)):
        assert (await office.get(path, board.whoever(role, unit)))["id"] == grade["id"]
        history = await office.get(f"/v1/units/{board.mid['id']}/grades", board.whoever(role, unit))
        assert [each["id"] for each in history["items"]] == [grade["id"]]
    for role, unit in (
        (Role.official, board.north),
        (Role.official, board.other),
        (Role.lead, board.other),
        (Role.lead, board.low),
    ):
        caller = board.whoever(role, unit)
        assert_problem(await office.client.get(path, caller=caller), 404, "grade-not-found")
        assert (await office.get(f"/v1/units/{board.mid['id']}/grades", caller))["items"] == []
    assert_problem(await office.client.get(f"/v1/units/{uuid4()}/grades", caller=ADMIN), 404, "unit-not-found")
    for hidden in (path, "/v1/grades", f"{path}/recomputation", f"/v1/units/{board.mid['id']}/grades"):
        assert_problem(await office.client.get(hidden, caller=principal(Role.resident)), 403, "role-not-allowed")
        assert_problem(await office.client.get(hidden, caller=ANONYMOUS), 401)


async def test_the_newest_grade_stands_and_history_is_kept(office: Office) -> None:
    board = await open_board(office)
    old = await board.published()
    second = await office.schedule_campaign(board.north, board.standard, code="autumn", days=10)
    await office.hear(judged_cases(board.mid, **POOR, hours=31 * 24 + 1))
    office.clock.advance(days=11)
    await board.propose()
    new = await board.published()
    assert (new["campaign_id"], new["supersedes_id"], new["value"]) == (second["id"], old["id"], "unqualified")
    assert (await board.public())["id"] == new["id"]
    history = (await office.get(f"/v1/units/{board.mid['id']}/grades"))["items"]
    assert [(each["id"], each["state"]) for each in history] == [(old["id"], "superseded"), (new["id"], "published")]


async def test_a_grade_on_older_evidence_does_not_take_the_place_of_a_newer_one(office: Office) -> None:
    board = await open_board(office)
    old = await board.grade()
    await office.schedule_campaign(board.north, board.standard, code="autumn", days=10)
    office.clock.advance(days=11)
    await board.propose()
    new = await board.published()
    assert (await board.sign(old))["state"] == "superseded"
    assert (await board.public())["id"] == new["id"]


async def test_what_nobody_objects_to_is_confirmed_and_expires(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    path = f"/v1/grades/{grade['id']}"
    await board.pass_time(days=14)
    assert (await office.get(path))["state"] == "published"
    await board.pass_time(days=2)
    assert (await office.get(path))["state"] == "confirmed"
    assert await office.recorded(GradeExpired) == []
    await board.pass_time(days=350)
    assert (await office.get(path))["state"] == "expired"
    assert (await board.public())["state"] == "expired"
    await board.pass_time(days=1)
    assert [str(event.key) for event in await office.recorded(GradeExpired)] == [board.mid["id"]]
    kinds = [each["kind"] for each in (await office.get("/v1/public/decisions", subject_id=grade["id"]))["items"]]
    assert kinds == ["grade.published", "grade.confirmed", "grade.expired"]


async def test_public_grades_are_listed_by_campaign_and_value(office: Office) -> None:
    board = await open_board(office)
    for unit in (board.mid, board.other, board.low):
        await board.published(unit)
    items = (await office.get("/v1/public/grades", ANONYMOUS, campaign_id=board.campaign["id"]))["items"]
    assert sorted(item["code"] for item in items) == ["low", "mid", "other"]
    (item,) = (await office.get("/v1/public/grades", ANONYMOUS, value="qualified"))["items"]
    assert (item["code"], item["level"]) == ("mid", "county")
    page = await office.get("/v1/public/grades", limit=2)
    rest = await office.get("/v1/public/grades", limit=2, cursor=page["next_cursor"])
    assert len(page["items"]) + len(rest["items"]) == 3


@pytest.mark.parametrize("query", [*HOSTILE_QUERIES, {"state": "grand"}, {"value": "x"}, {"unit_id": "1"}], ids=str)
async def test_grades_refuse_hostile_queries(office: Office, query: dict[str, str]) -> None:
    for path in ("/v1/grades", "/v1/public/grades"):
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)
    assert_problem(await office.client.get("/v1/public/units/x/grade", caller=ADMIN), 422)
    assert_problem(await office.client.get(f"/v1/public/units/{uuid4()}/grade", caller=ADMIN), 404, "unit-not-found")


async def test_an_upheld_alarm_is_kept_with_the_grade_that_it_decides(office: Office) -> None:
    board = await open_board(office, gates=["upheld_alarm"])
    await office.hear([Story(board.mid).rejected(24) for _ in range(30)])
    while await find_alarms(office.service.works):
        pass
    [alarm] = (await office.get("/v1/alarms"))["items"]
    decide = f"/v1/alarms/{alarm['id']}/uphold"
    assert (await office.client.post(decide, caller=ADMIN, json={"reason": "Nobody went there."})).status_code == 200
    assert (await board.grade())["value"] == "qualified", "what was proposed before stays until it is counted anew"
    await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})
    grade = await board.grade()
    reason = "unqualified: cases were closed to be closed on 2026-03-03: upheld_alarm"
    assert (grade["value"], grade["composite_exact"], grade["reason"]) == ("unqualified", "279/400", reason)
    query = "SELECT evidence ->> 'gates' FROM grades WHERE id = $1"
    stored, moment = await office.service.database.pool.fetchval(query, UUID(grade["id"])), "2026-03-03T00:00:00Z"
    assert json.loads(stored) == {"upheld_alarm": {"count": 1, "first_at": moment, "last_at": moment}}
    await board.sign(grade)
    shown = await board.public()
    assert [(gate["code"], gate["since"], gate["count"]) for gate in shown["explanation"]["gates"]] == [
        ("upheld_alarm", "2026-03-03", 1)
    ]
    assert (await office.get(f"/v1/grades/{grade['id']}/recomputation"))["same"]
    owed = await office.get(f"/v1/public/units/{board.mid['id']}/upgrade-plan")
    assert "upheld_alarm" in [gap["code"] for gap in owed["gaps"]]


async def test_outcomes_are_kept_to_the_last_digit_whatever_residents_say_later(office: Office) -> None:
    criterion = {"code": "effect", "name": "Effect", "weight": 100, "source": "measured", "indicator": "outcomes"}
    standard = await office.adopt_standard(criteria=[{**criterion, "minimum_sample": 1, "owner": "Statistics"}])
    unit = await office.register_unit("north", "county")
    campaign = await office.schedule_campaign(unit, standard)
    made = await record(office, unit, target={"value": 8, "on": day(office, 10)})
    await measure(office, made, 5)
    await call(office, "publish", made)
    await hear_residents(office, made, yes=5)
    office.clock.advance(days=31)
    board = Board(office, unit, unit, unit, unit, unit, campaign, principal(Role.inspector), principal(Role.inspector))
    await board.propose()
    grade = await board.published()
    assert (grade["value"], grade["composite_exact"]) == ("unqualified", "1/2")
    await hear_residents(office, made, yes=0, no=5)
    assert (await office.get(f"/v1/grades/{grade['id']}/recomputation"))["same"]
    assert (await board.public())["explanation"]["criteria"][0]["value"] == 0.5
