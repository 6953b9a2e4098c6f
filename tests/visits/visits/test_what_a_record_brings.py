"""Answers by the template, who was met, and what must not be written down."""

import json
from typing import Any

import pytest

from services.visits.app import create_service
from services.visits.settings import VisitsSettings
from tests.visits.house import LEAD, STRANGER, House, finding, promise, question

ANSWERS = {"running": True, "road": "bad", "lamps": 7.5, "since": "2026-02-01"}


async def test_a_visit_is_recorded_by_the_newest_version_of_its_template(house: House) -> None:
    await house.template()
    visit_id = await house.visit(template_code="water-round")
    assert (await house.read(f"/v1/visits/{visit_id}"))["template_code"] == "water-round"
    await house.template(questions=[question("running", required=True), question("pressure", kind="number")])
    body = (await house.record(visit_id, answers={"running": False, "pressure": 3})).json()
    assert (body["template_code"], body["template_version"]) == ("water-round", 2)
    assert body["answers"] == {"running": False, "pressure": 3}
    await house.template()
    assert (await house.read(f"/v1/visits/{visit_id}")) == body


async def test_a_phone_that_was_offline_records_by_the_version_that_it_had(house: House) -> None:
    await house.template()
    await house.template(questions=[question("pressure", required=True)])
    visit_id = await house.visit(template_code="water-round")
    never_made = await house.record(visit_id, answers=ANSWERS, template_version=3)
    assert never_made.status_code == 404
    body = (await house.record(visit_id, answers=ANSWERS, template_version=1)).json()
    assert (body["template_version"], body["answers"]) == (1, ANSWERS)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "running"),
        ({"running": "yes"}, "running"),
        ({"running": True, "road": "ugly"}, "road"),
        ({"running": True, "faith": "any"}, "faith"),
    ],
)
async def test_answers_that_do_not_fit_are_refused_by_their_question(house: House, answers: dict[str, Any], field: str) -> None:
    await house.template()
    visit_id = await house.visit(template_code="water-round")
    answer = await house.record(visit_id, answers=answers)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("answers-unfit")
    assert [error["field"] for error in answer.json()["errors"]] == [f"body.answers.{field}"]
    assert await house.state(visit_id) == "planned"


async def test_a_visit_that_was_not_made_has_nothing_to_answer(house: House) -> None:
    await house.template()
    body = (await house.record(await house.visit(template_code="water-round"), outcome="refused_by_resident")).json()
    assert (body["template_version"], body["answers"]) == (None, None)


async def test_a_visit_without_a_template_takes_no_answers(house: House) -> None:
    for said in ({"answers": {"running": True}}, {"template_version": 1}):
        answer = await house.record(await house.visit(), **said)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("no-template")


async def test_a_plan_takes_a_template_that_its_unit_can_use_and_no_other(house: House) -> None:
    await house.template(unit_id=str(STRANGER.unit_id))
    for code in ("water-round", "nothing"):
        answer = await house.plan(template_code=code)
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("visit-template-not-found")


@pytest.mark.parametrize("present", ["none", "one", "few", "some", "many", None])
async def test_who_was_met_is_said_coarsely_or_not_at_all(house: House, present: str | None) -> None:
    assert (await house.record(await house.visit(), present=present)).json()["present"] == present


@pytest.mark.parametrize(
    "said",
    [{"present": "one"}, {"promises": [promise()]}, {"answers": {"running": True}}, {"case_ids": ["0" * 32]}],
    ids=lambda said: next(iter(said)),
)
async def test_what_only_a_visit_brings_needs_one(house: House, said: dict[str, Any]) -> None:
    answer = await house.record(await house.visit(), outcome="refused_by_resident", **said)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("needs-a-visit")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"findings": [finding(), finding(title="The wife is a Muslim")]}, "body.findings.1.title (faith)"),
        ({"findings": [finding(body="He is a party member.")]}, "body.findings.0.body (politics)"),
        ({"findings": [finding(body="户主患有糖尿病")]}, "body.findings.0.body (health)"),
        ({"promises": [promise(text="Bring her to mass, she is Catholic")]}, "body.promises.0.text (faith)"),
        ({"outcome": "cancelled", "reason": "The old man is ill"}, "body.reason (health)"),
    ],
)
async def test_no_faith_no_politics_no_health_is_written_down(house: House, said: dict[str, Any], told: str) -> None:
    visit_id = await house.visit()
    answer = await house.record(visit_id, **said)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("sensitive-note")
    assert told in answer.json()["detail"]
    for words in ("Muslim", "party member", "糖尿病", "Catholic", "old man"):
        assert words not in answer.text
    assert await house.state(visit_id) == "planned"


async def test_what_is_missing_may_be_written_down(house: House) -> None:
    body = finding(title="No bus to the hospital", body="The clinic is closed, and nobody tests for HIV any more.")
    assert (await house.record(await house.visit(), findings=[body])).status_code == 200


HOSTILE: list[dict[str, Any]] = [
    {"answers": None},
    {"answers": {"a b": True}},
    {"answers": {"running": None}},
    {"answers": {"running": [True]}},
    {"answers": {"running": "x" * 64}},
    {"answers": {"running": "a\x00"}},
    {"answers": {f"q{n}": True for n in range(101)}},
    {"template_version": 0},
    {"template_version": 2**31},
    {"present": "a crowd"},
    {"promises": [promise()] * 21},
    {"promises": [promise(text="")]},
    {"promises": [promise(text="x" * 201)]},
    {"promises": [promise(due_on="soon")]},
    {"promises": [promise(due_on=20_600)]},
    {"promises": [promise(due_on="9999-12-31")]},
    {"promises": [promise(due_on="2026-02-01")]},
    {"promises": [promise(due_on="2029-01-01")]},
    {"promises": [promise(owner_id="somebody")]},
    {"photo": "data:image/jpeg;base64,"},
]


async def test_record_visit_answers_hostile_input_with_a_problem(house: House) -> None:
    await house.template()
    visit_id = await house.visit(template_code="water-round")
    for changes in HOSTILE:
        answer = await house.record(visit_id, by=LEAD, **{"answers": ANSWERS, **changes})
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    body = json.dumps(house.record_body()).rstrip("}")
    for number in ("NaN", "1e999", "1" + "0" * 400, "-" + "9" * 30):
        content = f'{body}, "answers": {{"running": true, "lamps": {number}}}}}'
        headers = {"content-type": "application/json"}
        answer = await house.client.call("POST", f"/v1/visits/{visit_id}/record", caller=LEAD, content=content, headers=headers)
        assert answer.status_code == 422, f"{number}: {answer.text}"
    assert await house.state(visit_id) == "planned"


async def test_visits_take_no_pictures(database_url: str) -> None:
    """Of no home, by no route: neither forms nor binary bodies nor encoded files."""
    document = create_service(VisitsSettings(database_url=database_url)).api.openapi()
    bodies = [
        body
        for item in document["paths"].values()
        for operation in item.values()
        for body in operation.get("requestBody", {}).get("content", {}).items()
    ]
    assert {kind for kind, _ in bodies} == {"application/json"}
    written = json.dumps(document["components"]["schemas"])
    for sign in ('"binary"', '"base64"', '"byte"', "contentMediaType", "contentEncoding", "photo", "picture", "image"):
        assert sign not in written
