"""What was said before is suggested: to anybody what may be read by anybody, to officials what they may see."""

from typing import Any

import pytest

from services.feedback.similar import queries
from shared.auth import ANONYMOUS, Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.feedback.sharing import LAMP, shared_case

CLERK = official("village")
DRAFT = {"title": "Lamp by the well does not light", "unit_id": str(unit("village"))}


async def ask(house: House, caller: Principal = ANONYMOUS, **draft: Any) -> Any:
    answer = await house.client.post("/v1/opinions/similar", caller=caller, json={**DRAFT, **draft})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def found(house: House, **draft: Any) -> list[str]:
    return [item["case_id"] for item in await ask(house, **draft)]


async def alike(house: House, case_id: str, caller: Principal = CLERK) -> list[str]:
    return [item["case_id"] for item in (await house.get(f"/v1/cases/{case_id}/similar", caller=caller))["items"]]


async def test_a_shared_case_is_suggested_to_anybody_without_its_speaker(house: House) -> None:
    case_id = await shared_case(house, title="The lamp at the well is broken", location=LAMP)
    answers = [await ask(house, caller, location=LAMP) for caller in (ANONYMOUS, resident(), CLERK, admin())]
    assert answers == [answers[0]] * 4
    assert answers[0] == [
        {
            "case_id": case_id,
            "title": "The lamp at the well is broken",
            "state": "received",
            "unit_id": str(unit("village")),
            "endorsement_count": 0,
            "opened_on": "2026-03-02",
            "distance_m": 0,
            "score": answers[0][0]["score"],
            "why": ["place", "time", "text"],
        }
    ]
    assert str(house.speaker.account_id) not in str(answers)


async def test_the_most_likely_comes_first_and_the_unlikely_not_at_all(house: House) -> None:
    other = await shared_case(house, title="Lamp in the lane", body="Does not light.", location=LAMP)
    same = await shared_case(house, title="The lamp by the well does not light", location=LAMP)
    await shared_case(house, title="The school bus is late", body="Every morning.", location=LAMP)
    items = await ask(house, location=LAMP)
    assert [item["case_id"] for item in items] == [same, other]
    assert items[0]["score"] > items[1]["score"]


async def test_chinese_is_compared_as_well(house: House) -> None:
    case_id = await shared_case(house, title="村口路灯坏了", body="晚上一片漆黑。")
    await shared_case(house, title="自来水发黄", body="有异味。")
    assert await found(house, title="村口的路灯不亮了") == [case_id]


async def test_what_is_not_shared_closed_or_about_somebody_is_nobodys_to_see(house: House) -> None:
    await shared_case(house, shared=False)
    await shared_case(house, about=[str(unit("elsewhere"))])
    withdrawn, rejected, answered = [await shared_case(house) for _ in range(3)]
    assert len(await found(house, title="The lamp is broken")) == 3
    await house.do(withdrawn, "withdraw", caller=house.speaker)
    await house.do(rejected, "reject", {"reason": "Not ours."}, caller=CLERK)
    await house.do(answered, "answer", {"text": "Mended."}, caller=CLERK)
    assert await found(house, title="The lamp is broken") == [answered]
    assert await found(house, title="The lamp is broken", location=LAMP) == [answered]


async def test_it_is_looked_for_in_the_units_below_and_at_the_place(house: House) -> None:
    here = await shared_case(house, title="The lamp is broken")
    there = await shared_case(house, title="The lamp is broken", unit_id=unit("neighbour"), location=LAMP)
    about = {"title": "The lamp is broken"}
    assert await found(house, **about) == [here]
    assert sorted(await found(house, **about, unit_id=str(unit("township")))) == sorted([here, there])
    assert await found(house, **about, unit_id=str(unit("elsewhere"))) == []
    assert await found(house, **about, unit_id=str(unit("elsewhere")), location=LAMP) == [there]
    assert await found(house, **about, unit_id=None, location=LAMP) == [there]
    two_kilometres = {**LAMP, "latitude": LAMP["latitude"] + 0.02}
    assert await found(house, **about, unit_id=None, location=two_kilometres) == []


async def test_what_is_long_ago_or_too_many_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "BY_UNIT", 2)
    cases = [await shared_case(house, title="The lamp is broken") for _ in range(3)]
    assert sorted(await found(house, title="The lamp is broken")) == sorted(cases[1:])


async def test_ten_are_enough(house: House) -> None:
    for _ in range(12):
        await shared_case(house, title="The lamp is broken")
    assert len(await found(house, title="The lamp is broken")) == 10


@pytest.mark.parametrize(
    ("changed", "status", "slug"),
    [
        ({"unit_id": None}, 422, "nowhere-to-look"),
        ({"unit_id": "0198c7a0-0000-7000-8000-000000000000"}, 404, "unit-not-found"),
        ({"location": {"latitude": 91, "longitude": 0}}, 422, "invalid-request"),
        ({"location": {"latitude": 0}}, 422, "invalid-request"),
        ({"title": " "}, 422, "invalid-request"),
        ({"surprise": 1}, 422, "invalid-request"),
    ],
)
async def test_a_draft_that_cannot_be_looked_for(house: House, changed: dict[str, Any], status: int, slug: str) -> None:
    answer = await house.client.post("/v1/opinions/similar", json={**DRAFT, **changed})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:massline:problem:{slug}")


async def test_nothing_of_a_draft_is_kept(house: House) -> None:
    before = await house.events()
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):
        answer = await house.client.post("/v1/opinions/similar", json=DRAFT, headers=headers)
        assert "idempotency-replayed" not in answer.headers
    assert await house.events() == before
    assert not await house.rows("SELECT FROM idempotency_keys")


async def test_officials_are_shown_what_they_may_merge_shared_or_not(house: House) -> None:
    case_id = await house.case(title="Lamp at the well is broken")
    same = await house.case(title="The lamp at the well is dark", caller=resident())
    await house.case(title="The school bus is late", body="Every morning.")
    await house.case(title="Lamp at the well is broken", unit_id=unit("neighbour"))
    for caller in (CLERK, lead("village"), lead("county"), inspector("village"), admin()):
        assert await alike(house, case_id, caller) == [same]
    assert (await house.client.get(f"/v1/cases/{case_id}/similar", caller=house.speaker)).status_code == 403
    for stranger in (official("neighbour"), resident()):
        assert (await house.client.get(f"/v1/cases/{case_id}/similar", caller=stranger)).status_code == 404


async def test_what_is_merged_already_is_not_suggested_again(house: House) -> None:
    case_id, same, other = [await house.case() for _ in range(3)]
    await house.do(same, "merge", {"into_case_id": case_id, "reason": "One lamp."}, caller=CLERK)
    assert await alike(house, case_id) == [other]
    assert sorted(await alike(house, same)) == sorted([case_id, other])


async def test_a_lead_above_is_not_shown_what_is_about_it(house: House) -> None:
    """A case about the township goes to the county; handed down to its sibling it is still not the township's to see."""
    case_id = await house.case(unit_id=unit("county"))
    await house.case(unit_id=unit("village"), about=[str(unit("township"))])
    assert len(await alike(house, case_id, lead("county"))) == 1
    township = await house.case(unit_id=unit("township"))
    assert await alike(house, township, lead("township")) == []


async def test_places_are_compared_across_the_units_below(house: House) -> None:
    case_id = await shared_case(house, shared=False, unit_id=unit("township"), location=LAMP)
    near = await shared_case(house, shared=False, unit_id=unit("village"), location=LAMP)
    (item,) = (await house.get(f"/v1/cases/{case_id}/similar", caller=lead("township")))["items"]
    assert (item["case_id"], item["distance_m"], item["why"]) == (near, 0, ["place", "time", "text"])
