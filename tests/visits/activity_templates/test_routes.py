import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from tests.visits.activities.acts import adopt, adopted
from tests.visits.house import ADMIN, COUNTY, INSPECTOR, LEAD, OFFICIAL, RESIDENT, STRANGER, House


async def test_adopt_template_gives_the_next_version_and_leaves_the_older_one(house: House) -> None:
    first = await adopted(house)
    second = await adopted(house, least_days_notice=14, steps=["Ask around", "Answer"])
    assert (first["code"], first["version"], first["unit_id"]) == ("forum", 1, str(COUNTY.unit_id))
    assert (second["code"], second["version"], second["steps"]) == ("forum", 2, ["Ask around", "Answer"])
    items = (await house.client.get("/v1/activity-templates", caller=INSPECTOR)).json()["items"]
    assert items == [first, second]
    assert (await house.client.get(f"/v1/activity-templates/{first['id']}", caller=OFFICIAL)).json() == first


async def test_adopt_template_at_once_gives_each_its_version(house: House) -> None:
    made = await asyncio.gather(*(adopted(house) for _ in range(3)))
    assert sorted(each["version"] for each in made) == [1, 2, 3]


@pytest.mark.parametrize(
    ("who", "status"), [(ADMIN, 201), (LEAD, 201), (OFFICIAL, 403), (INSPECTOR, 403), (RESIDENT, 403), (ANONYMOUS, 401)]
)
async def test_adopt_template_is_for_leads_and_administrators(house: House, who: Principal, status: int) -> None:
    assert (await adopt(house, by=who)).status_code == status


async def test_nobody_takes_over_the_template_of_another_branch(house: House) -> None:
    await adopted(house)
    await adopted(house, by=ADMIN, code="study")
    assert (await adopted(house, by=ADMIN))["unit_id"] == str(COUNTY.unit_id)
    for who, code in ((STRANGER, "forum"), (LEAD, "study")):
        refused = await adopt(house, by=who, code=code)
        assert refused.status_code == 403
        assert refused.json()["type"].endswith("template-not-yours")


async def test_residents_see_no_templates_and_none_is_made_up(house: House) -> None:
    for path in ("/v1/activity-templates", f"/v1/activity-templates/{uuid4()}"):
        assert (await house.client.get(path, caller=RESIDENT)).status_code == 403
    assert (await house.client.get(f"/v1/activity-templates/{uuid4()}", caller=LEAD)).status_code == 404


HOSTILE: list[dict[str, Any]] = [
    {"code": "two words"},
    {"code": "x" * 64},
    {"kind": "rally"},
    {"levels": []},
    {"levels": ["moon"]},
    {"title": {"en": "Forum"}},
    {"title": {"en": "a\x00b", "zh": "论坛"}},
    {"target_group": ""},
    {"expected_effect": {"indicator": "water.hours"}},
    {"expected_effect": None},
    {"least_participants": 0},
    {"least_participants": 6, "most_participants": 5},
    {"most_participants": 2**63},
    {"needs_place": "yes"},
    {"least_days_notice": -1},
    {"least_days_notice": 91},
    {"steps": ["x"] * 31},
    {"steps": ["\x00"]},
    {"surprise": 1},
]


async def test_adopt_template_answers_hostile_input_with_a_problem(house: House) -> None:
    for changes in HOSTILE:
        answer = await adopt(house, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await house.client.get("/v1/activity-templates", caller=LEAD)).json()["items"] == []
