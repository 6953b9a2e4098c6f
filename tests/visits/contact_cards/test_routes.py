"""What a resident chooses by card, without an account."""

import random
from datetime import timedelta
from functools import reduce
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.visits.jobs import resume_contacts
from shared.auth import ANONYMOUS, Principal
from shared.clock import hour_of
from shared.codes import ALPHABET, BITS, write_code
from shared.events.visits import VisitCancelled, VisitPlanned, VisitRecorded
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE_OFFICIAL,
    House,
    moment,
)
from tests.visits.register import LABEL, PLACE, TERMS, agreed, chosen, listed, planned_for, posted, seen, visits_of

PASSING = {"date", "x-request-id"}


async def issue(house: House, contact_id: str, *, by: Principal = LEAD) -> httpx.Response:
    return await house.client.post(f"/v1/contacts/{contact_id}/card", caller=by)


async def carded(house: House, contact_id: str) -> str:
    answer = await issue(house, contact_id)
    assert answer.status_code == 201, answer.text
    card: str = answer.json()["card"]
    return card


async def by_card(house: House, card: str, verb: str = "open", **said: Any) -> httpx.Response:
    return await house.client.post(f"/v1/contact-cards/{verb}", json={"card": card, **said})


async def opened(house: House, card: str, verb: str = "open", **said: Any) -> dict[str, Any]:
    answer = await by_card(house, card, verb, **said)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_card_shows_how_contact_stands_and_not_who_it_is_with(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    card = await carded(house, contact_id)
    answer = await by_card(house, card)
    first = plan["visits"][0]
    assert answer.json() == {
        "unit_id": str(TOWNSHIP.unit_id),
        "unit": "township",
        "kind": "household",
        "state": "agreed",
        **TERMS,
        "suspended_until": None,
        "next_visit": {name: first[name] for name in ("window_starts_at", "window_ends_at")},
    }
    assert not any(word in answer.text for word in (LABEL, PLACE, contact_id))


async def test_nothing_of_a_card_is_kept_that_could_be_read(house: House) -> None:
    card = await carded(house, await agreed(house))
    kept = await house.service.database.pool.fetchval("SELECT encode(lookup, 'escape') FROM contact_cards")
    plain = card.replace("-", "")
    assert not any(half in kept for half in (plain[:10], plain[10:20]))


async def test_a_new_card_voids_the_one_before(house: House) -> None:
    contact_id = await agreed(house)
    older, newer = await carded(house, contact_id), await carded(house, contact_id)
    assert (await by_card(house, older)).status_code == 404
    assert (await by_card(house, newer)).status_code == 200


async def test_a_card_is_read_whatever_its_case_and_its_dashes(house: House) -> None:
    card = await carded(house, await agreed(house))
    assert (await by_card(house, card.lower().replace("-", " "))).status_code == 200


async def test_a_wrong_card_is_answered_as_one_that_was_never_issued(house: House) -> None:
    card = await carded(house, await agreed(house))
    chance = random.Random(3)
    half = BITS // 2
    issued = reduce(lambda number, digit: number << 5 | ALPHABET.index(digit), card.replace("-", "")[:-1], 0)
    half_right = write_code(issued >> half << half | chance.getrandbits(half))
    answers = set()
    for guess in (half_right, write_code(issued ^ 1), write_code(chance.getrandbits(BITS)), "no card", "-"):
        for verb, said in (("open", {}), ("refuse", {}), ("choose", {"rhythm_days": 30}), ("resume", {})):
            answer = await by_card(house, guess, verb, **said)
            headers = sorted((name, value) for name, value in answer.headers.items() if name not in PASSING)
            answers.add((answer.status_code, str({**answer.json(), "request_id": ""}), str(headers)))
    assert [answer[0] for answer in answers] == [404], answers


async def test_choosing_a_rhythm_dates_the_visits_ahead_anew(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id, starts_at=(house.clock() + timedelta(days=2)).isoformat())
    card = await carded(house, contact_id)
    body = await opened(house, card, "choose", rhythm_days=60)
    assert (body["rhythm_days"], body["meeting"], body["companion"]) == (60, "home", "neighbour")
    first, second = (await visits_of(house, plan, "planned"))[:2]
    assert moment(second["window_starts_at"]) - moment(first["window_starts_at"]) == timedelta(days=60)
    assert body["next_visit"]["window_starts_at"] == first["window_starts_at"]
    assert moment((await seen(house, contact_id))["next_due_at"]) == hour_of(house.clock()) + timedelta(days=60)
    assert await house.told(VisitCancelled)


async def test_refusing_takes_every_visit_off(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    card = await carded(house, contact_id)
    body = await opened(house, card, "refuse")
    assert (body["state"], body["next_visit"]) == ("refused", None)
    assert await visits_of(house, plan, "planned", "ready") == []
    assert (await seen(house, contact_id, by=OFFICIAL))["label"] is None
    (recorded,) = await house.told(VisitRecorded)
    assert recorded.outcome == "refused_by_resident"
    visit = (await house.client.get(f"/v1/visits/{recorded.visit_id}", caller=LEAD)).json()
    assert visit["recorded_by"] is None, "nobody wrote it down but the resident"
    again = await by_card(house, card, "suspend")
    assert again.status_code == 409
    assert again.json()["type"].endswith("contact-state")


async def test_who_refused_may_agree_again_by_the_card_they_have(house: House) -> None:
    contact_id = await agreed(house)
    card = await carded(house, contact_id)
    await opened(house, card, "refuse")
    assert (await opened(house, card, "choose", rhythm_days=60))["state"] == "agreed"
    assert (await seen(house, contact_id))["rhythm_days"] == 60


async def test_once_somebody_has_refused_only_a_lead_issues_a_card(house: House) -> None:
    """Else whoever was refused could agree in the resident's name."""
    contact_id = await agreed(house)
    await chosen(house, contact_id, "refuse")
    answer = await issue(house, contact_id, by=OFFICIAL)
    assert (answer.status_code, answer.json()["type"].rsplit(":")[-1]) == (403, "refused-before")
    assert (await issue(house, contact_id, by=LEAD)).status_code == 201


async def test_who_has_only_been_listed_agrees_by_saying_how_often(house: House) -> None:
    card = await carded(house, await listed(house))
    answer = await by_card(house, card, "choose", meeting="office")
    assert (answer.status_code, answer.json()["type"].rsplit(":")[-1]) == (422, "rhythm-needed")
    body = await opened(house, card, "choose", meeting="office", rhythm_days=30)
    assert (body["state"], body["rhythm_days"], body["meeting"], body["companion"]) == ("agreed", 30, "office", "none")


async def test_suspending_and_resuming(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    card = await carded(house, contact_id)
    until = house.clock() + timedelta(days=40)
    body = await opened(house, card, "suspend", until=until.isoformat())
    assert (body["state"], body["next_visit"]) == ("suspended", None)
    assert moment(body["suspended_until"]) == hour_of(until)
    assert await visits_of(house, plan, "planned", "ready") == []
    body = await opened(house, card, "resume")
    assert (body["state"], body["suspended_until"]) == ("agreed", None)
    assert body["next_visit"] is not None
    await opened(house, card, "suspend", until=until.isoformat())
    house.clock.advance(days=41)
    await resume_contacts(house.service.works)
    assert (await opened(house, card))["state"] == "agreed"


async def test_a_card_opens_nothing_once_its_contact_has_ended(house: House) -> None:
    contact_id = await agreed(house)
    card = await carded(house, contact_id)
    await chosen(house, contact_id, "end")
    assert (await by_card(house, card)).status_code == 404
    again = await issue(house, contact_id)
    assert again.status_code == 409
    assert again.json()["type"].endswith("contact-state")


async def test_a_choice_sent_again_with_its_key_is_made_once(house: House) -> None:
    contact_id = await agreed(house)
    await planned_for(house, contact_id)
    card = await carded(house, contact_id)
    sent = {"json": {"card": card, "rhythm_days": 60}, "headers": {"Idempotency-Key": "choice-1"}}
    first, again = [await house.client.post("/v1/contact-cards/choose", **sent) for _ in range(2)]
    assert first.json() == again.json()
    planned = len(await house.told(VisitPlanned))
    await house.client.post("/v1/contact-cards/choose", **sent)
    assert len(await house.told(VisitPlanned)) == planned


async def test_a_card_without_the_gateway_is_refused(house: House) -> None:
    answer = await house.client.http.post("/v1/contact-cards/open", json={"card": "0"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OFFICIAL, 201),
        (COLLEAGUE, 403),
        (LEAD, 201),
        (ADMIN, 201),
        (INSPECTOR, 403),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_issue_card_is_for_staff_in_scope(house: House, who: Principal, status: int) -> None:
    contact_id = await listed(house, post_id=await posted(house))
    answer = await issue(house, contact_id, by=who)
    assert answer.status_code == status
    if status == 404:
        missing = await issue(house, str(uuid4()), by=who)
        assert {**missing.json(), "request_id": ""} == {**answer.json(), "request_id": ""}


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("choose", {"rhythm_days": 6}),
    ("choose", {"meeting": "bar"}),
    ("choose", {"state": "agreed"}),
    ("suspend", {"until": "2020-01-01T00:00:00Z"}),
    ("refuse", {"reason": "because"}),
    ("open", {"card": None}),
    ("open", {"card": "a\x00b"}),
    ("open", {"card": "x" * 65}),
]


@pytest.mark.parametrize(("verb", "said"), HOSTILE, ids=[f"{verb}-{number}" for number, (verb, _) in enumerate(HOSTILE)])
async def test_what_is_not_offered_is_answered_with_a_problem(house: House, verb: str, said: dict[str, Any]) -> None:
    card = await carded(house, await agreed(house))
    answer = await house.client.post(f"/v1/contact-cards/{verb}", json={"card": card, **said})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert card not in answer.text
