from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.auth import ANONYMOUS, Principal
from tests.visits.house import (
    ADMIN,
    COUNTY,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    House,
    question,
    template,
)


async def _post(house: House, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/visit-templates", caller=by, json=template(**changes))


async def test_a_template_is_made_and_read(house: House) -> None:
    answer = await _post(house)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["version"], made["code"], made["unit_id"]) == (1, "water-round", str(COUNTY.unit_id))
    assert made["title"] == {"en": "Water round", "zh": "供水走访"}
    assert [asked["code"] for asked in made["questions"]] == ["running", "road", "lamps", "since"]
    assert (await house.client.get(f"/v1/visit-templates/{made['id']}", caller=OFFICIAL)).json() == made
    listed = await house.client.get("/v1/visit-templates", caller=OFFICIAL)
    assert listed.json() == {"items": [made], "next_cursor": None}


async def test_the_same_code_again_is_the_next_version_and_the_older_stays(house: House) -> None:
    first = (await _post(house)).json()
    second = (await _post(house, questions=[question("running")])).json()
    assert (second["id"], second["version"]) == (first["id"], 2)
    path = f"/v1/visit-templates/{first['id']}"
    assert (await house.client.get(path, caller=OFFICIAL)).json() == second
    assert (await house.client.get(f"{path}/versions/1", caller=OFFICIAL)).json() == first
    assert (await house.client.get(f"{path}/versions/3", caller=OFFICIAL)).status_code == 404
    listed = (await house.client.get("/v1/visit-templates", caller=OFFICIAL)).json()["items"]
    assert [item["version"] for item in listed] == [2]


async def test_a_code_belongs_to_one_unit_of_a_line(house: House) -> None:
    await _post(house)
    for unit in (TOWNSHIP, VILLAGE):
        taken = await _post(house, unit_id=str(unit.unit_id))
        assert taken.status_code == 409
        assert taken.json()["type"].endswith("visit-template-code-taken")
    elsewhere = await _post(house, STRANGER, unit_id=str(STRANGER.unit_id))
    assert (elsewhere.status_code, elsewhere.json()["version"]) == (201, 1)


async def test_list_templates_filters_and_pages(house: House) -> None:
    codes = ["one", "two", "three"]
    made = [(await _post(house, code=code)).json()["id"] for code in codes]
    below = (await _post(house, code="four", unit_id=str(VILLAGE.unit_id))).json()["id"]
    first = (await house.client.get("/v1/visit-templates", caller=LEAD, params={"limit": 3})).json()
    rest = await house.client.get("/v1/visit-templates", caller=LEAD, params={"cursor": first["next_cursor"]})
    assert [item["id"] for item in [*first["items"], *rest.json()["items"]]] == [*made, below]
    usable = await house.client.get("/v1/visit-templates", caller=LEAD, params={"unit_id": str(TOWNSHIP.unit_id)})
    assert [item["id"] for item in usable.json()["items"]] == made
    named = await house.client.get("/v1/visit-templates", caller=LEAD, params={"code": "two"})
    assert [item["id"] for item in named.json()["items"]] == made[1:2]


@pytest.mark.parametrize(
    ("who", "status"),
    [(LEAD, 201), (ADMIN, 201), (STRANGER, 404), (OFFICIAL, 403), (INSPECTOR, 403), (RESIDENT, 403), (ANONYMOUS, 401)],
)
async def test_templates_are_made_by_those_over_the_unit(house: House, who: Principal, status: int) -> None:
    assert (await _post(house, who)).status_code == status


async def test_a_foreign_template_is_answered_as_one_that_does_not_exist(house: House) -> None:
    made = (await _post(house)).json()
    for rest in ("", "/versions/1"):
        foreign = await house.client.get(f"/v1/visit-templates/{made['id']}{rest}", caller=STRANGER)
        missing = await house.client.get(f"/v1/visit-templates/{uuid4()}{rest}", caller=STRANGER)
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"questions": [question("religion")]}, "body.questions.0.code (faith)"),
        ({"questions": [question("one", title={"en": "Who is ill here?", "zh": "水"})]}, "body.questions.0.title.en (health)"),
        ({"questions": [question("one", title={"en": "Water", "zh": "是否党员"})]}, "body.questions.0.title.zh (politics)"),
        ({"title": {"en": "Catholics", "zh": "水"}}, "body.title.en (faith)"),
        (
            {
                "questions": [
                    question(
                        "one",
                        kind="choice",
                        options=[
                            {"code": "a", "title": {"en": "Muslim", "zh": "水"}},
                            {"code": "b", "title": {"en": "No", "zh": "否"}},
                        ],
                    )
                ]
            },
            "body.questions.0.options.0.title.en (faith)",
        ),
    ],
)
async def test_no_template_asks_for_faith_politics_or_health(house: House, changes: dict[str, Any], field: str) -> None:
    answer = await _post(house, **changes)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("sensitive-note")
    assert field in answer.json()["detail"]


HOSTILE: list[dict[str, Any]] = [
    {"code": "Two words"},
    {"title": {"en": "Only English"}},
    {"title": {"en": "a\x00", "zh": "水"}},
    {"questions": []},
    {"questions": [question("one")] * 2},
    {"questions": [question(f"q{n}") for n in range(51)]},
    {"questions": [question("one", kind="text")]},
    {"questions": [question("one", kind="choice")]},
    {"questions": [question("one", kind="number", least=2, most=1)]},
    {"questions": [question("one", required="yes")]},
    {"questions": [question("one", photo=True)]},
    {"unit_id": "1"},
]


async def test_add_template_answers_hostile_input_with_a_problem(house: House) -> None:
    for changes in HOSTILE:
        body = template(**changes)
        answer = await house.client.post("/v1/visit-templates", caller=LEAD, json=body)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    for path in ("/v1/visit-templates/1", f"/v1/visit-templates/{uuid4()}/versions/0", "/v1/visit-templates?code=a%00"):
        assert (await house.client.get(path, caller=LEAD)).status_code == 422
