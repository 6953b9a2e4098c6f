import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from shared.events.visits import (
    FieldDayRecorded,
    RecommendationAnswered,
    RecommendationMade,
    ResearchFollowedUp,
    ResearchReported,
    ResearchStarted,
    ResearchStopped,
)
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    ELSEWHERE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
    finding,
)
from tests.visits.research.acts import (
    TOWNSHIP_LEAD,
    VILLAGE_LEAD,
    act,
    adopted,
    day,
    done,
    engage,
    measure,
    propose,
    publish,
    recommended,
    reported,
    research_body,
    result,
    running,
    said,
)


@pytest.fixture
async def desk(house: House) -> House:
    """With the leads of the township, who leads the research, and of the village, who is to answer."""
    return await engage(house)


async def test_propose_research_keeps_a_draft(desk: House) -> None:
    project = said(await propose(desk))
    assert (project["state"], project["method"], project["quota"]) == ("draft", "visits", {"visits": 1, "hours": 4})
    assert (project["starts_on"], project["follow_up_on"]) == (day(desk), day(desk, 180))
    assert project["progress"] == {"visits": 0, "hours": 0.0}
    assert said(await desk.client.get(f"/v1/research-projects/{project['id']}", caller=OFFICIAL)) == project
    assert await desk.told(ResearchStarted) == []


@pytest.mark.parametrize(
    ("leader", "status", "slug"),
    [(STRANGER, 422, "leader-out-of-chain"), (ADMIN, 422, "leader-out-of-chain"), (INSPECTOR, 404, "leader-not-found")],
)
async def test_research_is_led_by_an_official_of_the_chain(desk: House, leader: Principal, status: int, slug: str) -> None:
    answer = await propose(desk, leader_id=str(leader.account_id))
    assert answer.status_code == status
    assert answer.json()["type"].endswith(slug)


async def test_research_goes_from_a_question_to_whether_anything_changed(desk: House) -> None:
    project_id, recommendation_id = await adopted(desk)
    project = said(await desk.client.get(f"/v1/research-projects/{project_id}", caller=TOWNSHIP_LEAD))
    assert project["state"] == "answered"
    desk.clock.advance(days=181)
    listed = said(await desk.client.get("/v1/research-projects", caller=LEAD, params={"state": "answered"}))["items"]
    assert [(item["id"], item["follow_up_overdue"]) for item in listed] == [(project_id, True)]
    followed = await done(desk, project_id, "follow-up", measure(desk))
    assert (followed["state"], followed["follow_up_overdue"]) == ("followed_up", False)
    assert (followed["follow_up"]["before"], followed["follow_up"]["after"]) == (2.0, 7.5)
    (reported,) = await desk.told(ResearchReported)
    assert (reported.results, reported.recommendations) == (1, 1)
    (made,) = await desk.told(RecommendationMade)
    assert (str(made.recommendation_id), made.unit_id, made.addressed_unit_id) == (
        recommendation_id,
        TOWNSHIP.unit_id,
        VILLAGE.unit_id,
    )
    (answered,) = await desk.told(RecommendationAnswered)
    assert (answered.adopted, answered.by_when is None) == (True, False)
    (measured,) = await desk.told(ResearchFollowedUp)
    assert (measured.indicator, measured.value_before, measured.value_after) == ("water.hours", 2.0, 7.5)


async def test_research_takes_no_step_before_the_one_before(desk: House) -> None:
    draft = said(await propose(desk))["id"]
    for verb, body in (("report", None), ("follow-up", measure(desk)), ("publish", None)):
        assert (await act(desk, draft, verb, body)).status_code == 409, verb
    project_id = await running(desk)
    empty = await act(desk, project_id, "report")
    assert (empty.status_code, empty.json()["type"].rpartition(":")[2]) == (409, "nothing-to-report")
    reported_id, _ = await reported(desk)
    early = await act(desk, reported_id, "follow-up", measure(desk))
    assert (early.status_code, early.json()["type"].rpartition(":")[2]) == (409, "research-state")
    assert (await act(desk, reported_id, "start")).status_code == 409


async def test_stop_research_for_a_reason_and_never_to_evade_an_answer(desk: House) -> None:
    project_id = await running(desk)
    assert (await act(desk, project_id, "stop", {})).status_code == 422
    stopped = await done(desk, project_id, "stop", {"reason": "The line was rebuilt."})
    assert (stopped["state"], stopped["stop_reason"]) == ("stopped", "The line was rebuilt.")
    assert len(await desk.told(ResearchStopped)) == 1
    reported_id, _ = await reported(desk)
    assert (await act(desk, reported_id, "stop", {"reason": "They would decline."})).status_code == 409


async def test_link_evidence_that_the_caller_may_see_once(desk: House) -> None:
    recorded = (await desk.record(await desk.visit(), findings=[finding()])).json()
    project_id = said(await propose(desk))["id"]
    for kind, id in (("visit", recorded["id"]), ("finding", recorded["findings"][0]["id"]), ("case", str(uuid4()))):
        for _ in range(2):
            project = await done(desk, project_id, "links", {"kind": kind, "id": id})
        assert (project["links"][-1]["kind"], project["links"][-1]["ref_id"]) == (kind, id)
    assert len(project["links"]) == 3
    assert project["progress"]["visits"] == 1


@pytest.mark.parametrize("kind", ["visit", "finding"])
async def test_a_foreign_visit_or_finding_is_linked_by_nobody(desk: House, kind: str) -> None:
    recorded = (await desk.record(await desk.visit(), findings=[finding()])).json()
    id = recorded["id"] if kind == "visit" else recorded["findings"][0]["id"]
    here = {"unit_id": str(ELSEWHERE.unit_id), "leader_id": str(STRANGER.account_id)}
    project_id = said(await propose(desk, by=STRANGER, **here))["id"]
    foreign = await act(desk, project_id, "links", {"kind": kind, "id": id}, by=STRANGER)
    missing = await act(desk, project_id, "links", {"kind": kind, "id": str(uuid4())}, by=STRANGER)
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}


async def test_record_field_days_by_the_leader_once_for_each_day(desk: House) -> None:
    project_id = await running(desk)
    visit_id = await desk.visit()
    unmade = await act(desk, project_id, "field-days", {"on": day(desk), "hours": 3, "visit_id": visit_id})
    assert (unmade.status_code, unmade.json()["type"].rpartition(":")[2]) == (422, "visit-of-another-day")
    await desk.record(visit_id)
    project = await done(desk, project_id, "field-days", {"on": day(desk), "hours": 3.5, "visit_id": visit_id})
    assert [(each["day"], each["hours"], each["visit_id"]) for each in project["field_days"]] == [(day(desk), 3.5, visit_id)]
    assert project["progress"]["hours"] == 3.5
    again = await act(desk, project_id, "field-days", {"on": day(desk), "hours": 1})
    assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "field-day-recorded")
    assert (await act(desk, project_id, "field-days", {"on": day(desk, 1), "hours": 1})).status_code == 422
    assert (await act(desk, project_id, "field-days", {"on": day(desk), "hours": 1}, by=COLLEAGUE)).status_code == 403
    (told,) = await desk.told(FieldDayRecorded)
    assert (str(told.project_id), told.on.isoformat(), told.hours) == (project_id, day(desk), 3.5)


async def test_a_leader_has_one_day_a_day_in_all_projects_together(desk: House) -> None:
    one, other = await running(desk), await running(desk)
    answers = await asyncio.gather(*(act(desk, id, "field-days", {"on": day(desk), "hours": 9}) for id in (one, other)))
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_result_rests_on_links_of_its_project(desk: House) -> None:
    project_id, other_id = await running(desk), await running(desk)
    foreign = (await done(desk, other_id, "links", {"kind": "case", "id": str(uuid4())}))["links"][0]["id"]
    for evidence in ([foreign], [str(uuid4())]):
        answer = await act(desk, project_id, "results", {"text": "No valve.", "evidence": evidence})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "link-not-found")
    assert (await act(desk, project_id, "results", {"text": "No valve.", "evidence": []})).status_code == 422
    project = await result(desk, project_id)
    assert project["results"][0]["evidence"] == [project["links"][0]["id"]]


async def test_what_was_reported_is_closed(desk: House) -> None:
    project_id, _ = await reported(desk)
    link = {"kind": "case", "id": str(uuid4())}
    late: list[tuple[str, Any]] = [
        ("links", link),
        ("field-days", {"on": day(desk), "hours": 1}),
        ("results", {"text": "More.", "evidence": [str(uuid4())]}),
        ("recommendations", {"text": "More.", "addressed_to": str(VILLAGE.unit_id)}),
    ]
    for verb, body in late:
        assert (await act(desk, project_id, verb, body)).status_code == 409, verb


async def test_the_addressed_unit_sees_what_is_recommended_once_it_was_reported(desk: House) -> None:
    project_id = await running(desk)
    await result(desk, project_id)
    await recommended(desk, project_id)
    path = f"/v1/research-projects/{project_id}"
    assert (await desk.client.get(path, caller=VILLAGE_OFFICIAL)).status_code == 404
    await done(desk, project_id, "report")
    seen = said(await desk.client.get(path, caller=VILLAGE_OFFICIAL))
    assert [each["text"] for each in seen["recommendations"]] == ["Put a valve in."]
    assert (seen["leader_id"], seen["links"], seen["field_days"], seen["results"][0]["evidence"]) == (None, [], [], [])
    (listed,) = said(await desk.client.get("/v1/research-projects", caller=VILLAGE_OFFICIAL))["items"]
    assert (listed["id"], listed["leader_id"]) == (project_id, None)
    refused = await act(desk, project_id, "follow-up", measure(desk), by=VILLAGE_LEAD)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "research-of-others")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (VILLAGE_LEAD, 200),
        (LEAD, 200),
        (ADMIN, 200),
        (VILLAGE_OFFICIAL, 403),
        (TOWNSHIP_LEAD, 403),
        (OFFICIAL, 403),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (STRANGER, 404),
        (ANONYMOUS, 401),
    ],
)
@pytest.mark.parametrize("verb", ["adopt", "decline"])
async def test_a_lead_of_the_addressed_unit_answers_and_not_who_led_the_research(
    desk: House, who: Principal, status: int, verb: str
) -> None:
    project_id, recommendation_id = await reported(desk)
    body = {"by_when": day(desk)} if verb == "adopt" else {"reason": "There is one."}
    answer = await act(desk, project_id, f"recommendations/{recommendation_id}/{verb}", body, by=who)
    assert answer.status_code == status, answer.text


async def test_each_recommendation_is_answered_once_and_the_last_answer_ends_the_waiting(desk: House) -> None:
    project_id = await running(desk)
    await result(desk, project_id)
    first, second = await recommended(desk, project_id), await recommended(desk, project_id)
    early = await act(desk, project_id, f"recommendations/{first}/decline", {"reason": "No."}, by=LEAD)
    assert (early.status_code, early.json()["type"].rpartition(":")[2]) == (409, "research-not-reported")
    await done(desk, project_id, "report")
    past = await act(desk, project_id, f"recommendations/{first}/adopt", {"by_when": day(desk, -1)}, by=VILLAGE_LEAD)
    assert past.status_code == 422
    declined = await done(desk, project_id, f"recommendations/{first}/decline", {"reason": "There is one."}, by=VILLAGE_LEAD)
    assert declined["state"] == "reported"
    again = await act(desk, project_id, f"recommendations/{first}/adopt", {"by_when": day(desk)}, by=VILLAGE_LEAD)
    assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "recommendation-answered")
    body = await done(desk, project_id, f"recommendations/{second}/adopt", {"by_when": day(desk, 9)}, by=VILLAGE_LEAD)
    assert body["state"] == "answered"
    assert [(each["adopted"], each["by_when"], each["reason"]) for each in body["recommendations"]] == [
        (False, None, "There is one."),
        (True, day(desk, 9), None),
    ]
    assert [event.adopted for event in await desk.told(RecommendationAnswered)] == [False, True]


async def test_a_recommendation_of_another_project_is_not_found(desk: House) -> None:
    project_id, _ = await reported(desk)
    _, foreign = await reported(desk)
    for id in (foreign, str(uuid4())):
        answer = await act(desk, project_id, f"recommendations/{id}/decline", {"reason": "No."}, by=LEAD)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "recommendation-not-found")


async def test_answers_at_once_end_the_waiting_once(desk: House) -> None:
    project_id = await running(desk)
    await result(desk, project_id)
    ids = [await recommended(desk, project_id) for _ in range(3)]
    await done(desk, project_id, "report")
    verbs = [f"recommendations/{id}/decline" for id in ids]
    answers = await asyncio.gather(*(act(desk, project_id, verb, {"reason": "No."}, by=LEAD) for verb in verbs))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert said(await desk.client.get(f"/v1/research-projects/{project_id}", caller=LEAD))["state"] == "answered"


async def test_follow_up_is_measured_after_the_last_answer(desk: House) -> None:
    project_id, _ = await adopted(desk)
    for measured_on in (day(desk, -1), day(desk, 1)):
        answer = await act(desk, project_id, "follow-up", measure(desk, measured_on=measured_on))
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "measured-out-of-time")
    assert await desk.told(ResearchFollowedUp) == []


async def test_nothing_is_public_until_a_lead_has_published_it(desk: House) -> None:
    project_id, _ = await reported(desk)
    for path in ("/v1/research-register", f"/v1/research-register/{project_id}"):
        assert project_id not in (await desk.client.get(path, caller=ANONYMOUS)).text
    hidden = await desk.client.get(f"/v1/research-register/{project_id}", caller=ANONYMOUS)
    missing = await desk.client.get(f"/v1/research-register/{uuid4()}", caller=ANONYMOUS)
    assert hidden.status_code == missing.status_code == 404
    assert {**hidden.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    refused = await act(desk, project_id, "publish", by=OFFICIAL)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "publication-not-yours")
    preview = said(await desk.client.get(f"/v1/research-projects/{project_id}/publication", caller=OFFICIAL))
    assert preview == await publish(desk, project_id)
    assert said(await desk.client.get(f"/v1/research-register/{project_id}", caller=ANONYMOUS)) == preview
    (listed,) = said(await desk.client.get("/v1/research-register", caller=ANONYMOUS))["items"]
    assert listed == {name: preview[name] for name in listed}


async def test_the_register_names_neither_persons_nor_cases_nor_visits(desk: House) -> None:
    recorded = (await desk.record(await desk.visit())).json()
    project_id = await running(desk)
    await done(desk, project_id, "links", {"kind": "visit", "id": recorded["id"]})
    await done(desk, project_id, "field-days", {"on": day(desk), "hours": 2.5})
    project = await result(desk, project_id)
    await publish(desk, project_id)
    answer = await desk.client.get(f"/v1/research-register/{project_id}", caller=ANONYMOUS)
    entry = said(answer)
    assert (entry["links"], entry["field_hours"]) == ({"case": 1, "visit": 1, "finding": 0}, 2.5)
    assert entry["results"] == [{"text": "The upper line has no valve.", "evidence": 1}]
    hidden = [project["leader_id"], *(link[name] for link in project["links"] for name in ("id", "ref_id"))]
    assert not [id for id in hidden if id in answer.text]


async def test_what_is_said_after_a_publication_waits_for_the_next_but_answers_and_measures_show(desk: House) -> None:
    project_id = await running(desk)
    await publish(desk, project_id)
    await result(desk, project_id)
    recommendation_id = await recommended(desk, project_id)

    async def entry() -> dict[str, Any]:
        return said(await desk.client.get(f"/v1/research-register/{project_id}", caller=ANONYMOUS))

    assert ((await entry())["results"], (await entry())["recommendations"]) == ([], [])
    await done(desk, project_id, "report")
    await publish(desk, project_id)
    assert [each["adopted"] for each in (await entry())["recommendations"]] == [None]
    verb = f"recommendations/{recommendation_id}/decline"
    await done(desk, project_id, verb, {"reason": "There is one."}, by=VILLAGE_LEAD)
    assert [(each["adopted"], each["reason"]) for each in (await entry())["recommendations"]] == [(False, "There is one.")]
    await done(desk, project_id, "follow-up", measure(desk))
    assert ((await entry())["follow_up"]["after"], (await entry())["follow_up"]["text"]) == (7.5, None)
    await publish(desk, project_id)
    assert (await entry())["follow_up"]["text"] == "The upper houses have water in the evening."


async def test_the_register_pages_newest_first_and_by_unit(desk: House) -> None:
    made = [await running(desk) for _ in range(3)]
    for project_id in made:
        await publish(desk, project_id)
    found: list[str] = []
    params: dict[str, Any] = {"limit": 2, "unit_id": str(TOWNSHIP.unit_id)}
    while True:
        page = said(await desk.client.get("/v1/research-register", caller=ANONYMOUS, params=params))
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert found == made[::-1]
    nothing = await desk.client.get("/v1/research-register", caller=ANONYMOUS, params={"unit_id": str(uuid4())})
    assert said(nothing)["items"] == []


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OFFICIAL, 201),
        (TOWNSHIP_LEAD, 201),
        (LEAD, 201),
        (ADMIN, 201),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_propose_research_is_for_those_over_the_unit(desk: House, who: Principal, status: int) -> None:
    assert (await propose(desk, by=who)).status_code == status


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER])
async def test_foreign_research_is_answered_as_one_that_does_not_exist(desk: House, who: Principal) -> None:
    project_id = await running(desk)
    calls: list[tuple[str, Any]] = [
        ("/start", {}),
        ("/stop", {"reason": "No."}),
        ("/links", {"kind": "case", "id": str(uuid4())}),
        ("/field-days", {"on": day(desk), "hours": 1}),
        ("/results", {"text": "A word.", "evidence": [str(uuid4())]}),
        ("/recommendations", {"text": "A word.", "addressed_to": str(VILLAGE.unit_id)}),
        ("/report", {}),
        ("/follow-up", measure(desk)),
        ("/publish", {}),
        (f"/recommendations/{uuid4()}/adopt", {"by_when": day(desk)}),
        ("", None),
        ("/publication", None),
    ]
    for path, body in calls:
        answers = [
            await desk.client.call("GET" if body is None else "POST", f"/v1/research-projects/{id}{path}", caller=who, json=body)
            for id in (project_id, uuid4())
        ]
        assert answers[0].status_code == answers[1].status_code == 404, path
        assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
    assert said(await desk.client.get("/v1/research-projects", caller=who))["items"] == []


async def test_a_leader_from_elsewhere_in_the_chain_sees_and_does_the_research(desk: House) -> None:
    project_id = said(await propose(desk, leader_id=str(VILLAGE_LEAD.account_id)))["id"]
    await done(desk, project_id, "start", by=VILLAGE_LEAD)
    project = await done(desk, project_id, "field-days", {"on": day(desk), "hours": 1}, by=VILLAGE_LEAD)
    assert project["leader_id"] == str(VILLAGE_LEAD.account_id)


HOSTILE: list[dict[str, Any]] = [
    {"unit_id": "1"},
    {"question": ""},
    {"question": "a\x00b"},
    {"population": "x" * 201},
    {"method": "rumour"},
    {"leader_id": None},
    {"starts_on": "soon"},
    {"starts_on": 20260302},
    {"starts_on": "2026-03-02T00:00:00Z"},
    {"starts_on": "2026-02-30"},
    {"starts_on": "0001-01-01"},
    {"follow_up_on": "9999-12-31"},
    {"ends_on": "2026-01-01"},
    {"quota": {"visits": -1, "hours": 0}},
    {"quota": {"visits": 2**63, "hours": 0}},
    {"quota": {"visits": 1.5, "hours": 0}},
    {"quota": None},
    {"state": "running"},
]
HOSTILE_VERBS: list[tuple[str, Any]] = [
    ("start", {"surprise": 1}),
    ("report", {"surprise": 1}),
    ("publish", {"surprise": 1}),
    ("links", {"kind": "rumour", "id": str(UUID(int=1))}),
    ("links", {"kind": "case", "id": "x"}),
    ("field-days", {"on": "2026-03-02", "hours": 0}),
    ("field-days", {"on": "2026-03-02", "hours": 0.3}),
    ("field-days", {"on": "2026-03-02", "hours": 16.5}),
    ("field-days", {"on": "2026-03-02", "hours": "NaN"}),
    ("field-days", {"on": "tomorrow", "hours": 1}),
    ("results", {"text": "\x00", "evidence": [str(UUID(int=1))]}),
    ("results", {"text": "x" * 4_001, "evidence": [str(UUID(int=1))]}),
    ("recommendations", {"text": "A word.", "addressed_to": "x"}),
    ("stop", {"reason": ""}),
    (f"recommendations/{UUID(int=1)}/adopt", {"by_when": "9999-12-31"}),
    (f"recommendations/{UUID(int=1)}/decline", {"reason": " "}),
    ("recommendations/x/decline", {"reason": "No."}),
]


async def test_research_answers_hostile_input_with_a_problem(desk: House) -> None:
    for changes in HOSTILE:
        answer = await propose(desk, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    project_id = await running(desk)
    wrong = [*HOSTILE_VERBS, ("follow-up", measure(desk, after="1e999")), ("follow-up", measure(desk, indicator="two words"))]
    for verb, body in wrong:
        answer = await act(desk, project_id, verb, body)
        assert answer.status_code == 422, f"{verb} {body}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    nowhere = await act(desk, project_id, "recommendations", {"text": "A word.", "addressed_to": str(uuid4())})
    assert (nowhere.status_code, nowhere.json()["type"].rpartition(":")[2]) == (404, "unit-not-found")
    for params in ({"state": "x"}, {"unit_id": "x"}, {"limit": "0"}, {"cursor": "?"}):
        assert (await desk.client.get("/v1/research-projects", caller=ADMIN, params=params)).status_code == 422
    for params in ({"unit_id": "x"}, {"limit": "0"}, {"cursor": "?"}):
        assert (await desk.client.get("/v1/research-register", caller=ANONYMOUS, params=params)).status_code == 422


async def test_propose_research_sent_again_with_its_key_proposes_once(desk: House) -> None:
    body, headers = research_body(desk), {"Idempotency-Key": "research-1"}
    answers = [await desk.client.post("/v1/research-projects", caller=OFFICIAL, json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(said(await desk.client.get("/v1/research-projects", caller=OFFICIAL))["items"]) == 1
