"""Whether, how often, where and with whom a resident wants to be visited, and what follows."""

from typing import Any

from shared.auth import Principal
from tests.visits.house import LEAD, OFFICIAL, TOWNSHIP, House, moment


async def a_post(house: House, *, holder: Principal = OFFICIAL, code: str = "east") -> str:
    body = {
        "unit_id": str(TOWNSHIP.unit_id),
        "code": code,
        "name": "East",
        "holder_id": str(holder.account),
        "visits_per_week": 9,
    }
    return str((await made(house, "/v1/posts", body, by=LEAD))["id"])


async def a_contact(house: House, *, by: Principal = LEAD, **changes: Any) -> str:
    body = {"unit_id": str(TOWNSHIP.unit_id), "kind": "household", "label": "The blue door", "place": "Lower lane 3"}
    return str((await made(house, "/v1/contacts", {**body, **changes}, by=by))["id"])


async def made(house: House, path: str, body: Any, *, by: Principal) -> Any:
    answer = await house.client.post(path, caller=by, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def chosen(house: House, contact_id: str, verb: str, body: Any = None, *, by: Principal = OFFICIAL) -> Any:
    return await made(house, f"/v1/contacts/{contact_id}/{verb}", body or {}, by=by)


async def visited(house: House, **changes: Any) -> tuple[str, Any]:
    """A contact that agreed to a visit every thirty days, and its plan."""
    contact_id = await a_contact(house, post_id=await a_post(house))
    await chosen(house, contact_id, "agree", {"rhythm_days": 30, **changes})
    plan = {"contact_id": contact_id, "purpose": "How do you do", "starts_at": house.clock().isoformat()}
    return contact_id, await made(house, "/v1/visit-plans", plan, by=LEAD)


async def states(house: House) -> list[str]:
    visits = (await house.client.get("/v1/visits", caller=LEAD, params={"limit": 100})).json()["items"]
    return [visit["state"] for visit in visits]


async def test_a_visit_follows_what_was_agreed_and_is_the_last_contact(house: House) -> None:
    contact_id, plan = await visited(house, meeting="office", companion="neighbour")
    assert (plan["rrule"], plan["place"], plan["assignee_id"]) == ("FREQ=DAILY;INTERVAL=30", "office", str(OFFICIAL.account))
    assert len(plan["visits"]) == 7
    visit = (await house.client.get(f"/v1/visits/{plan['visits'][0]['id']}", caller=OFFICIAL)).json()
    assert visit["contact"] == {
        "label": "The blue door", "place": "Lower lane 3", "meeting": "office", "companion": "neighbour"
    }  # fmt: skip
    recorded = await house.record(visit["id"])
    assert recorded.json()["contact"] is None, "the visit is made: nobody needs to know any more where it was"
    house.clock.advance(days=3)
    contact = (await house.client.get(f"/v1/contacts/{contact_id}", caller=OFFICIAL)).json()
    assert (contact["last_contact_days"], contact["overdue"]) == (3, False)
    house.clock.advance(days=28)
    assert (await house.client.get(f"/v1/contacts/{contact_id}", caller=OFFICIAL)).json()["overdue"] is True


async def test_after_a_refusal_nobody_comes_and_nobody_is_blamed(house: House) -> None:
    contact_id, _ = await visited(house)
    await chosen(house, contact_id, "refuse")
    assert await states(house) == ["refused_by_resident"] + ["cancelled"] * 6
    coverage = (await house.client.get("/v1/contacts/coverage", caller=LEAD, params={"unit_id": str(TOWNSHIP.unit_id)})).json()
    assert (coverage["total"]["refused"], coverage["total"]["never_contacted"]) == (1, 0)
    assert coverage["total"]["share_contacted"] is None


async def test_a_suspended_contact_is_visited_again_afterwards(house: House) -> None:
    contact_id, _ = await visited(house)
    until = house.clock().replace(month=house.clock().month + 2)
    await chosen(house, contact_id, "suspend", {"until": until.isoformat()})
    assert await states(house) == ["refused_by_resident"] + ["cancelled"] * 6
    resumed = await chosen(house, contact_id, "resume")
    assert resumed["state"] == "agreed"
    assert (await states(house)).count("planned") == 7


async def test_a_new_rhythm_moves_the_visits_to_come(house: House) -> None:
    """The one whose window is open stays; the next is owed a rhythm after the new agreement."""
    contact_id, _ = await visited(house)
    await chosen(house, contact_id, "agree", {"rhythm_days": 90})
    visits = (await house.client.get("/v1/visits", caller=LEAD, params={"limit": 100, "state": "planned"})).json()["items"]
    starts = [(moment(visit["window_starts_at"]) - house.clock()).days for visit in visits]
    assert starts == [0, 83, 173, 263]


async def test_ended_is_erased(house: House) -> None:
    contact_id, _ = await visited(house)
    ended = await chosen(house, contact_id, "end", by=LEAD)
    assert (ended["state"], ended["label"], ended["place"]) == ("ended", None, None)
    async with house.service.works.begin() as uow:
        connection = await uow.session.connection()
        row = (await connection.exec_driver_sql("SELECT label, place, latitude FROM contacts")).one()
    assert tuple(row) == ("", "", None)
