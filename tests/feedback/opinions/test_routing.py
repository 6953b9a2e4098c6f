"""An opinion without a unit goes where its category says, and a registered category is held to."""

import json
from typing import Any

import pytest

from shared.auth import ANONYMOUS
from tests.feedback.categories.catalogue import ATTRIBUTES, change, register, retire
from tests.feedback.house import House, admin, lead, official, unit

UP = ["village", "township", "county", "prefecture", "province"]


def places(**codes: str) -> dict[str, Any]:
    return {name: unit(code) for name, code in codes.items()}


async def readers(house: House, **said: Any) -> list[str]:
    filed = await house.submit(**{"unit_id": None, "category": "light", **said})
    assert len({reader["unit_id"] for reader in filed["readers"]}) == len(filed["readers"])
    (addressed,) = await house.rows("SELECT unit_id FROM opinions WHERE case_id::text = $1", filed["case_id"])
    (case,) = await house.rows("SELECT unit_id FROM cases WHERE id::text = $1", filed["case_id"])
    assert str(case["unit_id"]) == filed["readers"][0]["unit_id"]
    if not said.get("about"):
        assert addressed["unit_id"] == case["unit_id"]
    return [reader["code"] for reader in filed["readers"]]


async def refusal(house: House, **said: Any) -> tuple[int, str, str]:
    answer = await house.try_submit(**{"category": "light", **said})
    assert await house.rows("SELECT FROM cases") == []
    problem = answer.json()
    return answer.status_code, problem["type"].removeprefix("urn:massline:problem:"), problem["detail"]


async def test_to_the_default_unit(house: House) -> None:
    await register(house, default_unit_id=unit("township"))
    assert await readers(house) == UP[1:]
    assert await readers(house, **places(unit_id="village")) == UP
    assert await readers(house, **places(area_id="elsewhere")) == UP[1:]


@pytest.mark.parametrize(
    ("level", "area", "first"),
    [
        ("county", "village", "county"),
        ("county", "elsewhere", "elsewhere"),
        ("grassroots", "village", "village"),
        ("province", "neighbour", "province"),
    ],
)
async def test_to_the_unit_of_its_level_above_the_area(house: House, level: str, area: str, first: str) -> None:
    await register(house, level=level)
    assert (await readers(house, **places(area_id=area)))[0] == first


async def test_to_the_default_unit_where_the_level_leads_nowhere(house: House) -> None:
    await register(house, level="township", default_unit_id=unit("county"))
    assert (await readers(house))[0] == "county"
    assert (await readers(house, **places(area_id="elsewhere")))[0] == "county"
    assert (await readers(house, **places(area_id="village")))[0] == "township"


async def test_nowhere_to_go(house: House) -> None:
    status, slug, detail = await refusal(house, unit_id=None)
    assert (status, slug) == (422, "unit-needed")
    assert "Give `unit_id`" in detail
    assert (await refusal(house, unit_id=None, category=None))[:2] == (422, "unit-needed")
    await register(house, level="township")
    status, slug, detail = await refusal(house, unit_id=None)
    assert (status, slug) == (422, "unit-needed")
    assert "or `area_id`: this category is for the township" in detail
    assert "an area further down" in (await refusal(house, unit_id=None, **places(area_id="county")))[2]
    assert (await refusal(house, **places(area_id="village")))[:2] == (422, "unit-or-area")
    nowhere = "00000000-0000-7000-8000-000000000001"
    assert (await refusal(house, unit_id=None, area_id=nowhere))[:2] == (404, "unit-not-found")


async def test_whom_it_is_about_never_reads_it_there_either(house: House) -> None:
    await register(house, level="township")
    said = {**places(area_id="village"), "about": [str(unit("township"))]}
    assert await readers(house, **said) == UP[2:]
    (row,) = await house.rows("SELECT id, opinion_id FROM cases")
    (addressed,) = await house.rows("SELECT unit_id FROM opinions")
    assert addressed["unit_id"] == unit("township")
    for caller in (official("township"), lead("township"), lead("village")):
        assert (await house.client.get(f"/v1/cases/{row['id']}", caller=caller)).status_code == 404
    assert (await house.client.get(f"/v1/cases/{row['id']}", caller=official("county"))).status_code == 200


async def test_no_reader_is_left(house: House) -> None:
    await register(house, default_unit_id=unit("province"))
    assert (await refusal(house, unit_id=None, about=[str(unit("province"))]))[:2] == (422, "no-reader-left")


async def test_an_anonymous_speaker_is_routed_like_everybody(house: House) -> None:
    await register(house, default_unit_id=unit("county"))
    assert (await readers(house, caller=ANONYMOUS, protection="anonymous"))[0] == "county"


class TestAttributes:
    """What a registered category asks for."""

    @pytest.fixture(autouse=True)
    async def _registered(self, house: House) -> None:
        await register(house, attributes=ATTRIBUTES)

    async def test_they_are_kept_with_the_case(self, house: House) -> None:
        given = {"pole": "P 12", "height": 4.5, "since": "2026-03-01T20:00:00+08:00", "story": "Two\nlines", "size": "big"}
        case_id = await house.case(category="light", attributes={**given, "sizes": ["big", "small"]})
        case = await house.get(f"/v1/cases/{case_id}", caller=official("village"))
        assert case["attributes"] == {**given, "since": "2026-03-01T12:00:00Z", "sizes": ["big", "small"]}
        assert (await house.do(case_id, "acknowledge", caller=official("village")))["attributes"] == case["attributes"]
        for _, data in await house.events():
            assert "P 12" not in data
            assert "pole" not in json.loads(data)

    @pytest.mark.parametrize(
        ("attributes", "slug"),
        [
            (None, "attribute-missing"),
            ({}, "attribute-missing"),
            ({"pole": "1", "colour": "red"}, "unknown-attribute"),
            ({"pole": 1}, "attribute-value"),
            ({"pole": "1", "height": "tall"}, "attribute-value"),
            ({"pole": "1", "size": "huge"}, "attribute-value"),
            ({"pole": "1", "sizes": []}, "attribute-value"),
            ({"pole": "1", "since": "2026-03-01"}, "attribute-value"),
        ],
    )
    async def test_what_does_not_fit_is_refused(self, house: House, attributes: Any, slug: str) -> None:
        assert (await refusal(house, attributes=attributes))[:2] == (422, slug)

    async def test_the_channel_must_fit(self, house: House) -> None:
        assert (await refusal(house, channel="thought", attributes={"pole": "1"}))[:2] == (422, "category-channel")

    async def test_a_retired_category_takes_nothing_more_and_its_cases_keep_it(self, house: House) -> None:
        case_id = await house.case(category="light", attributes={"pole": "1"})
        await retire(house, "light")
        answer = await house.try_submit(category="light", attributes={"pole": "1"})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:category-retired")
        case = await house.get(f"/v1/cases/{case_id}", caller=official("village"))
        assert (case["category"], case["attributes"]) == ("light", {"pole": "1"})

    async def test_a_change_holds_for_the_next_opinion(self, house: House) -> None:
        assert (await change(house, "light", '"1"')).status_code == 200
        await house.submit(category="light")

    async def test_a_label_has_no_attributes(self, house: House) -> None:
        for label in ("unheard-of", None):
            assert (await refusal(house, category=label, attributes={"pole": "1"}))[:2] == (422, "attributes-need-category")
        await house.submit(category="unheard-of")
        await house.submit(category="unheard-of", attributes={})

    async def test_another_systems_record_is_not_held_to_it(self, house: House) -> None:
        """It was taken in under other rules, and its category is that system's word."""
        await retire(house, "light")
        await house.submit(caller=admin(), category="light", channel="thought", origin={"system": "old", "reference": "1"})
