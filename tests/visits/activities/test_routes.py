from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from shared.events.visits import ActivityCancelled, ActivityHeld, ActivityNeedLinked, ActivityPlanned
from tests.visits.activities.acts import act, activity_body, adopted, plan, planned, record_body, said
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    COUNTY,
    ELSEWHERE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    PROVINCE,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
    finding,
)

TOPIC = {"kind": "topic", "id_or_code": "water"}


@pytest.fixture
async def forum(house: House) -> House:
    """With a template for townships and counties."""
    await adopted(house)
    return house


async def test_plan_activity_by_the_newest_version_which_it_keeps(forum: House) -> None:
    newest = await adopted(forum, least_participants=6)
    activity = await planned(forum, needs=[TOPIC])
    await adopted(forum, levels=["province"])
    assert (activity["template_code"], activity["template_version"], activity["kind"]) == ("forum", newest["version"], "forum")
    assert (activity["state"], activity["unlinked"], activity["record"]) == ("planned", False, None)
    assert activity["expected_effect"] == {"indicator": "water.hours", "unit_of_measure": "hours a day", "value": 6}
    assert (await forum.client.get(f"/v1/activities/{activity['id']}", caller=LEAD)).json() == activity
    (told,) = await forum.told(ActivityPlanned)
    assert (str(told.activity_id), told.unit_id, told.kind, told.linked) == (activity["id"], TOWNSHIP.unit_id, "forum", True)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"unit_id": str(VILLAGE.unit_id)}, "template-not-for-level"),
        ({"place": None}, "place-needed"),
        ({"expected_effect": {"indicator": "applause", "value": 9}}, "effect-not-of-template"),
    ],
    ids=["level", "place", "effect"],
)
async def test_plan_activity_is_held_to_the_template(forum: House, changes: dict[str, Any], slug: str) -> None:
    answer = await plan(forum, by=LEAD, **changes)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(slug)
    assert await forum.told(ActivityPlanned) == []


async def test_plan_activity_keeps_notice_and_ends_after_it_begins(forum: House) -> None:
    soon, later = (forum.clock() + timedelta(days=days) for days in (6, 9))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"starts_at": soon.isoformat()}, "notice-too-short"),
        ({"starts_at": later.isoformat()}, "activity-ends-before-start"),
        ({"ends_at": (later + timedelta(days=90)).isoformat()}, "activity-too-long"),
    ]
    for changes, slug in wrong:
        answer = await plan(forum, **changes)
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"].endswith(slug)


async def test_a_template_serves_its_unit_and_those_below(forum: House) -> None:
    """The county's lead keeps this one."""
    foreign = await plan(forum, by=STRANGER, unit_id=str(ELSEWHERE.unit_id))
    missing = await plan(forum, by=STRANGER, unit_id=str(ELSEWHERE.unit_id), template_code="none")
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    await adopted(forum, by=ADMIN, code="everywhere")
    assert (await plan(forum, by=STRANGER, unit_id=str(ELSEWHERE.unit_id), template_code="everywhere")).status_code == 201


async def test_an_activity_that_answers_to_nothing_is_flagged_until_a_need_is_linked(forum: House) -> None:
    linked = await planned(forum, needs=[TOPIC])
    paper = await planned(forum)
    assert paper["unlinked"] is True

    async def listed(unlinked: bool) -> list[str]:
        page = await forum.client.get("/v1/activities", caller=OFFICIAL, params={"unlinked": unlinked})
        return [item["id"] for item in said(page)["items"]]

    assert (await listed(True), await listed(False)) == ([paper["id"]], [linked["id"]])
    forum.clock.advance(hours=1)
    body = said(await act(forum, paper["id"], "needs", TOPIC))
    assert (body["unlinked"], [need["id_or_code"] for need in body["needs"]]) == (False, ["water"])
    assert (await listed(True), await listed(False)) == ([], [linked["id"], paper["id"]])
    (told,) = await forum.told(ActivityNeedLinked)
    assert (str(told.activity_id), told.kind, told.linked_at) == (paper["id"], "topic", forum.clock())


async def test_a_need_is_linked_once_in_whatever_spelling(forum: House) -> None:
    case_id = str(uuid4())
    activity = await planned(forum, needs=[{"kind": "case", "id_or_code": case_id}])
    body = said(await act(forum, activity["id"], "needs", {"kind": "case", "id_or_code": case_id.upper()}))
    assert [need["id_or_code"] for need in body["needs"]] == [case_id]
    assert await forum.told(ActivityNeedLinked) == []


async def test_a_finding_is_linked_by_those_who_may_see_it(forum: House) -> None:
    recorded = await forum.record(await forum.visit(), findings=[finding()])
    need = {"kind": "finding", "id_or_code": recorded.json()["findings"][0]["id"]}
    assert (await planned(forum, needs=[need]))["needs"][0]["kind"] == "finding"
    await adopted(forum, by=ADMIN, code="everywhere")
    elsewhere: dict[str, Any] = {"by": STRANGER, "unit_id": str(ELSEWHERE.unit_id), "template_code": "everywhere"}
    foreign = await plan(forum, **elsewhere, needs=[need])
    missing = await plan(forum, **elsewhere, needs=[{**need, "id_or_code": str(uuid4())}])
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}


async def test_record_activity_counts_both_sides(forum: House) -> None:
    activity = await planned(forum, needs=[TOPIC, {"kind": "consultation", "id_or_code": str(uuid4())}])
    early = await act(forum, activity["id"], "record", record_body())
    assert (early.status_code, early.json()["type"].rpartition(":")[2]) == (409, "activity-not-begun")
    forum.clock.advance(days=8)
    body = said(await act(forum, activity["id"], "record", record_body(3, 60, turns=(9, 1), effect_measured=4.5)))
    assert body["state"] == "held"
    assert body["record"] == {
        "participants": {"officials": 3, "residents": 60},
        "turns": {"officials": 9, "residents": 1},
        "official_share": 0.9,
        "one_sided": True,
        "attendance": "more",
        "effect_measured": 4.5,
        "recorded_at": body["record"]["recorded_at"],
    }
    (told,) = await forum.told(ActivityHeld)
    assert (told.officials, told.residents, told.official_turns, told.resident_turns, told.needs) == (3, 60, 9, 1, 2)
    again = await act(forum, activity["id"], "record", record_body())
    assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "activity-over")
    assert (await act(forum, activity["id"], "cancel", {"reason": "Rain"})).status_code == 409


async def test_cancel_activity_for_a_reason(forum: House) -> None:
    activity = await planned(forum)
    assert (await act(forum, activity["id"], "cancel", {})).status_code == 422
    body = said(await act(forum, activity["id"], "cancel", {"reason": "Rain"}))
    assert (body["state"], body["reason"]) == ("cancelled", "Rain")
    assert len(await forum.told(ActivityCancelled)) == 1
    assert (await act(forum, activity["id"], "needs", TOPIC)).status_code == 409
    forum.clock.advance(days=9)
    assert (await act(forum, activity["id"], "record", record_body())).status_code == 409


async def test_sum_activities_by_unit(forum: House) -> None:
    linked, paper, cancelled = [await planned(forum, needs=[TOPIC]), await planned(forum), await planned(forum)]
    await planned(forum, by=LEAD, unit_id=str(COUNTY.unit_id), needs=[TOPIC])
    said(await act(forum, cancelled["id"], "cancel", {"reason": "Rain"}))
    forum.clock.advance(days=8)
    for activity in (linked, paper):
        said(await act(forum, activity["id"], "record", record_body(turns=(5, 0))))
    summary = said(await forum.client.get("/v1/activities/summary", caller=LEAD, params={"unit_id": str(COUNTY.unit_id)}))
    township = {
        "planned": 0,
        "held": 2,
        "cancelled": 1,
        "linked": 1,
        "unlinked": 1,
        "share_unlinked": 0.5,
        "one_sided": 2,
    }
    county = {**dict.fromkeys(township, 0), "planned": 1, "linked": 1}
    assert summary["units"] == [
        {"unit_id": str(COUNTY.unit_id), **county, "share_unlinked": 0.0},
        {"unit_id": str(TOWNSHIP.unit_id), **township},
    ]
    assert summary["total"] == {
        **{name: county[name] + township[name] for name in township},
        "share_unlinked": 0.333,
    }
    own = said(await forum.client.get("/v1/activities/summary", caller=OFFICIAL, params={"unit_id": str(TOWNSHIP.unit_id)}))
    assert (own["total"], own["units"]) == (township, summary["units"][1:])
    nothing = said(await forum.client.get("/v1/activities/summary", caller=ADMIN, params={"unit_id": str(ELSEWHERE.unit_id)}))
    assert (nothing["units"], nothing["total"]["share_unlinked"]) == ([], None)


async def test_an_official_sums_only_the_own_unit(forum: House) -> None:
    for unit_id in (PROVINCE.unit_id, VILLAGE.unit_id, uuid4()):
        answer = await forum.client.get("/v1/activities/summary", caller=OFFICIAL, params={"unit_id": str(unit_id)})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OFFICIAL, 201),
        (COLLEAGUE, 201),
        (LEAD, 201),
        (ADMIN, 201),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_plan_activity_is_for_those_over_the_unit(forum: House, who: Principal, status: int) -> None:
    assert (await plan(forum, by=who)).status_code == status


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER])
async def test_a_foreign_activity_is_answered_as_one_that_does_not_exist(forum: House, who: Principal) -> None:
    activity = await planned(forum)
    verbs = {"record": record_body(), "cancel": {"reason": "Rain"}, "needs": TOPIC}
    for path, body in [("", None), *((f"/{verb}", body) for verb, body in verbs.items())]:
        answers = [
            await forum.client.call("POST" if body else "GET", f"/v1/activities/{id}{path}", caller=who, json=body)
            for id in (activity["id"], uuid4())
        ]
        assert answers[0].status_code == answers[1].status_code == 404
        assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
    assert (await forum.client.get("/v1/activities", caller=who)).json()["items"] == []


async def test_list_activities_by_unit_and_page(forum: House) -> None:
    made = [(await planned(forum))["id"] for _ in range(3)]
    county = await planned(forum, by=LEAD, unit_id=str(COUNTY.unit_id))
    params: dict[str, Any] = {"unit_id": str(TOWNSHIP.unit_id), "limit": 2}
    first = (await forum.client.get("/v1/activities", caller=LEAD, params=params)).json()
    rest = (await forum.client.get("/v1/activities", caller=LEAD, params={**params, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
    everything = (await forum.client.get("/v1/activities", caller=INSPECTOR)).json()["items"]
    assert [item["id"] for item in everything] == [*made, county["id"]]


HOSTILE: list[dict[str, Any]] = [
    {"unit_id": "1"},
    {"template_code": "\x00"},
    {"title": "a\x00b"},
    {"starts_at": "soon"},
    {"starts_at": "9999-12-31T00:00:00Z"},
    {"place": ""},
    {"target_group": "x" * 201},
    {"expected_effect": {"indicator": "water.hours", "value": "NaN"}},
    {"expected_effect": {"indicator": "water.hours"}},
    {"needs": [TOPIC] * 21},
    {"needs": [{"kind": "consultation", "id_or_code": "water"}]},
    {"needs": [{"kind": "rumour", "id_or_code": "water"}]},
    {"needs": None},
    {"state": "held"},
]
HOSTILE_RECORDS: list[dict[str, Any]] = [
    {"participants": {"officials": 1}},
    {"participants": {"officials": -1, "residents": 0}},
    {"participants": {"officials": 1.5, "residents": 0}},
    {"participants": {"officials": 2**63, "residents": 0}},
    {"turns": {"officials": "one", "residents": 0}},
    {"turns": None},
    {"participants": {"officials": 3, "residents": 0}},
    {"effect_measured": "1e999"},
    {"names": ["anybody"]},
]


async def test_activities_answer_hostile_input_with_a_problem(forum: House) -> None:
    for changes in HOSTILE:
        answer = await plan(forum, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    activity = await planned(forum)
    forum.clock.advance(days=8)
    for changes in HOSTILE_RECORDS:
        answer = await act(forum, activity["id"], "record", {**record_body(), **changes})
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    for params in ({"unlinked": "maybe"}, {"unit_id": "x"}, {"limit": "0"}, {"cursor": "?"}):
        assert (await forum.client.get("/v1/activities", caller=ADMIN, params=params)).status_code == 422
    assert await forum.told(ActivityHeld) == []


async def test_plan_activity_sent_again_with_its_key_plans_once(forum: House) -> None:
    body, headers = activity_body(forum), {"Idempotency-Key": "activity-1"}
    answers = [await forum.client.post("/v1/activities", caller=OFFICIAL, json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert UUID(answers[0].json()["id"])
    assert len(await forum.told(ActivityPlanned)) == 1
