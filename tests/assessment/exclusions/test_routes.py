from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import ExclusionLifted, UnitExcluded
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

RESIDENT = principal(Role.resident)


class Province:
    """A province of two counties, one of them with two townships; a campaign over everything."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.units: dict[str, Any] = {}
        self.campaign: Any = None

    async def build(self, **standard: Any) -> "Province":
        for code, level, above in (
            ("top", "province", None),
            ("north", "county", "top"),
            ("south", "county", "top"),
            ("hill", "township", "north"),
            ("dale", "township", "north"),
        ):
            self.units[code] = await self.office.register_unit(code, level, self.units.get(above or ""))
        self.campaign = await self.office.schedule_campaign(None, await self.office.adopt_standard(**standard))
        return self

    @property
    def path(self) -> str:
        return f"/v1/campaigns/{self.campaign['id']}"

    def lead(self, code: str) -> Principal:
        return principal(Role.lead, UUID(self.units[code]["id"]))

    def wanted(self, code: str, **fields: Any) -> dict[str, Any]:
        reason = {"reason_code": "emergency", "reason": "The flood took the office."}
        return {"unit_id": self.units[code]["id"], **reason, **fields}

    async def exclude(self, code: str, caller: Principal = ADMIN, **fields: Any) -> Any:
        return await self.office.post(f"{self.path}/exclusions", self.wanted(code, **fields), caller)

    async def measured(self) -> list[str]:
        cards = {code: await self.office.scorecard(unit) for code, unit in self.units.items()}
        return [code for code, card in cards.items() if card["campaign"] is not None]


@pytest.fixture
async def province(office: Office) -> Province:
    return await Province(office).build()


async def test_a_unit_that_is_left_out_is_not_measured_until_the_exclusion_is_lifted(province: Province) -> None:
    exclusion = await province.exclude("north", province.lead("top"))
    assert await province.measured() == ["top", "south", "hill", "dale"]
    await lift(province, exclusion, province.lead("top"))
    assert await province.measured() == ["top", "north", "south", "hill", "dale"]


async def test_a_unit_is_left_out_with_every_unit_below_it(province: Province) -> None:
    await province.exclude("north", with_subtree=True)
    assert await province.measured() == ["top", "south"]
    board = await province.office.get("/v1/public/scoreboard", ANONYMOUS)
    reasons = {item["code"]: item["grade"]["reason"] for item in board["items"]}
    assert "no running campaign" in reasons["dale"]
    assert "no running campaign" not in reasons["south"]


async def test_a_unit_that_the_newest_campaign_leaves_out_is_measured_by_the_one_before(province: Province) -> None:
    older = province.campaign
    standard = await province.office.adopt_standard("other")
    province.office.clock.advance(days=1)
    province.campaign = await province.office.schedule_campaign(None, standard, code="summer")
    await province.exclude("hill")
    card = await province.office.scorecard(province.units["hill"])
    assert card["campaign"]["id"] == older["id"]


async def test_everybody_sees_who_is_left_out_and_why_and_no_person(province: Province) -> None:
    lead = province.lead("north")
    exclusion = await province.exclude("hill", lead)
    lifted = await lift(province, exclusion, ADMIN)
    [shown] = (await province.office.get(f"/v1/public{province.path[3:]}/exclusions", ANONYMOUS))["items"]
    assert shown == lifted
    assert {name: shown[name] for name in ("unit_code", "unit_name", "reason_code", "reason", "rule", "lift_reason")} == {
        "unit_code": "hill",
        "unit_name": "Unit hill",
        "reason_code": "emergency",
        "reason": "The flood took the office.",
        "rule": "exclusions.v1",
        "lift_reason": "It is dry again.",
    }
    assert str(lead.account_id) not in str(shown)
    assert str(ADMIN.account_id) not in str(shown)


async def test_exclusions_are_told_without_words(province: Province) -> None:
    exclusion = await province.exclude("hill", with_subtree=True)
    await lift(province, exclusion, ADMIN)
    [told] = [event.model_dump(mode="json") for event in await province.office.recorded(UnitExcluded)]
    assert told == {
        "exclusion_id": exclusion["id"],
        "campaign_id": province.campaign["id"],
        "unit_id": province.units["hill"]["id"],
        "with_subtree": True,
        "reason": "emergency",
        "rule": "exclusions.v1",
        "excluded_at": exclusion["excluded_at"],
    }
    assert len(await province.office.recorded(ExclusionLifted)) == 1


async def test_coverage_counts_by_level_and_together(province: Province) -> None:
    await province.exclude("north", with_subtree=True)
    await province.exclude("hill")
    coverage = await province.office.get(f"{province.path}/coverage", RESIDENT)
    assert coverage == await province.office.get(f"/v1/public{province.path[3:]}/coverage", ANONYMOUS)
    assert [list(level.values()) for level in coverage.pop("levels")] == [
        [1, 1, 0, 1.0, "province"],
        [2, 1, 1, 0.5, "county"],
        [2, 0, 2, 0.0, "township"],
    ]
    assert coverage == {"campaign_id": province.campaign["id"], "units": 5, "covered": 2, "excluded": 3, "share": 0.4}


async def test_coverage_of_a_subtree_knows_no_unit_beside_it_and_only_the_level_of_its_standard(province: Province) -> None:
    office = province.office
    await office.register_unit("north-by-east", "county", province.units["top"])
    standard = await office.adopt_standard("townships", level="township")
    campaign = await office.schedule_campaign(province.units["north"], standard, code="townships")
    coverage = await office.get(f"/v1/campaigns/{campaign['id']}/coverage")
    assert [(level["level"], level["units"], level["covered"]) for level in coverage["levels"]] == [
        ("county", 1, 0),
        ("township", 2, 2),
    ]


@pytest.mark.parametrize("place", ["hill", "dale", "south"])
async def test_nobody_leaves_the_own_unit_out_nor_one_elsewhere(province: Province, place: str) -> None:
    """Here the unit is `hill`."""
    answer = await province.office.client.post(
        f"{province.path}/exclusions", caller=province.lead(place), json=province.wanted("hill")
    )
    assert_problem(answer, 403, "exclusion-from-above")


async def test_not_even_an_administrator_decides_about_the_own_unit(province: Province) -> None:
    caller = principal(Role.admin, UUID(province.units["hill"]["id"]))
    answer = await province.office.client.post(f"{province.path}/exclusions", caller=caller, json=province.wanted("hill"))
    assert_problem(answer, 403, "exclusion-from-above")


async def test_exclude_unit_refusals(province: Province) -> None:
    office, stranger = province.office, str(uuid4())
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"unit_id": stranger}, 404, "unit-not-found"),
        ({"reason_code": "it does badly"}, 422, "invalid-request"),
        ({"reason": ""}, 422, "invalid-request"),
        ({"reason": "\x00"}, 422, "invalid-request"),
        ({"reason": "a" * 201}, 422, "invalid-request"),
        ({"with_subtree": "yes"}, 422, "invalid-request"),
        ({"lifted_at": None}, 422, "invalid-request"),
    ]
    for fields, status, slug in cases:
        answer = await office.client.post(f"{province.path}/exclusions", caller=ADMIN, json={**province.wanted("hill"), **fields})
        assert_problem(answer, status, slug)
    nowhere = await office.client.post(f"/v1/campaigns/{stranger}/exclusions", caller=ADMIN, json=province.wanted("hill"))
    assert_problem(nowhere, 404, "campaign-not-found")


async def test_a_unit_is_left_out_once_and_an_exclusion_lifted_once(province: Province) -> None:
    exclusion = await province.exclude("hill")
    twice = await province.office.client.post(f"{province.path}/exclusions", caller=ADMIN, json=province.wanted("hill"))
    assert_problem(twice, 409, "unit-excluded-already")
    await lift(province, exclusion, ADMIN)
    path, body = f"{province.path}/exclusions/{exclusion['id']}/lift", {"reason": "Again."}
    assert_problem(await province.office.client.post(path, caller=ADMIN, json=body), 409, "exclusion-lifted")
    assert (await province.exclude("hill"))["id"] != exclusion["id"]


async def test_an_exclusion_belongs_to_its_campaign(province: Province) -> None:
    exclusion = await province.exclude("hill")
    other = await province.office.schedule_campaign(None, await province.office.adopt_standard("other"), code="other")
    path = f"/v1/campaigns/{other['id']}/exclusions/{exclusion['id']}/lift"
    answer = await province.office.client.post(path, caller=ADMIN, json={"reason": "Dry."})
    assert_problem(answer, 404, "exclusion-not-found")


async def test_what_a_campaign_does_not_measure_is_not_left_out_of_it(office: Office) -> None:
    province = await Province(office).build(level="township")
    alone = await office.client.post(f"{province.path}/exclusions", caller=ADMIN, json=province.wanted("north"))
    assert_problem(alone, 422, "unit-outside-campaign")
    await province.exclude("north", with_subtree=True)
    assert await province.measured() == []


async def test_whom_a_campaign_measured_stays_as_it_was(province: Province) -> None:
    exclusion = await province.exclude("hill")
    province.office.clock.advance(days=31)
    path = f"{province.path}/exclusions"
    for answer in (
        await province.office.client.post(path, caller=ADMIN, json=province.wanted("dale")),
        await province.office.client.post(f"{path}/{exclusion['id']}/lift", caller=ADMIN, json={"reason": "Dry."}),
    ):
        assert_problem(answer, 409, "campaign-over")


async def test_list_exclusions_pages(province: Province) -> None:
    made = [await province.exclude(code) for code in ("north", "hill", "dale")]
    path = f"/v1/public{province.path[3:]}/exclusions"
    page = await province.office.get(path, ANONYMOUS, limit=2)
    rest = await province.office.get(path, ANONYMOUS, limit=2, cursor=page["next_cursor"])
    assert [item["id"] for item in page["items"] + rest["items"]] == [exclusion["id"] for exclusion in made]
    for query in HOSTILE_QUERIES:
        assert_problem(await province.office.client.get(path, params=query), 422)
    assert_problem(await province.office.client.get(f"/v1/public/campaigns/{uuid4()}/exclusions"), 404, "campaign-not-found")


async def lift(province: Province, exclusion: Any, caller: Principal) -> Any:
    path = f"{province.path}/exclusions/{exclusion['id']}/lift"
    answer = await province.office.client.post(path, caller=caller, json={"reason": "It is dry again."})
    assert answer.status_code == 200, answer.text
    return answer.json()
