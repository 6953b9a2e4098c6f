"""POST /v1/opinions, as the gateway calls it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from tests.feedback.house import House, admin, inspector, key, lead, official, opinion, resident, unit

CLOCKS = {"acknowledgement": timedelta(days=7), "first_answer": timedelta(days=30), "resolution": timedelta(days=90)}


async def test_submit_opinion_opens_a_case_with_clocks_and_readers(house: House) -> None:
    filed = await house.submit(category="street-lights")
    assert set(filed) == {"id", "case_id", "receipt", "readers", "clocks", "advice"}
    assert filed["receipt"] is None
    assert [reader["code"] for reader in filed["readers"]] == ["village", "township", "county", "prefecture", "province"]
    assert "must answer" in filed["readers"][0]["why"]
    assert "if a deadline passes" in filed["readers"][1]["why"]
    due = {clock["kind"]: datetime.fromisoformat(clock["due_at"]) for clock in filed["clocks"]}
    assert due == {kind: house.clock() + span for kind, span in CLOCKS.items()}
    case = await house.get(f"/v1/cases/{filed['case_id']}", caller=house.speaker)
    assert (case["state"], case["source"], case["category"]) == ("received", "opinion", "street-lights")
    assert (case["title"], case["body"]) == ("The lamp is broken", "It has been dark at the well for a month.")
    assert case["opinion_id"] == filed["id"]
    assert case["unit_id"] == str(unit("village"))


async def test_submit_opinion_tells_the_others_nothing_that_was_written(house: House) -> None:
    filed = await house.submit()
    events = await house.events(filed["case_id"])
    assert [type for type, _ in events] == ["opinion.submitted", "case.opened"]
    submitted, opened = (json.loads(data) for _, data in events)
    assert submitted["opinion_id"] == opened["opinion_id"] == filed["id"]
    assert opened["clocks"] == filed["clocks"]
    for _, data in events:
        assert "lamp" not in data
        assert "dark" not in data
        assert str(house.speaker.account_id) not in data


@pytest.mark.parametrize("protection", ["named", "confidential"])
async def test_submit_opinion_by_name_needs_an_account(house: House, protection: str) -> None:
    answer = await house.try_submit(caller=ANONYMOUS, protection=protection)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:massline:problem:authentication-required")
    for speaker in (resident(), official("village"), lead("county"), admin()):
        await house.submit(caller=speaker, protection=protection)


async def test_submit_opinion_anonymously_needs_no_account(house: House) -> None:
    filed = await house.submit(caller=ANONYMOUS, protection="anonymous")
    assert len(filed["receipt"].replace("-", "")) == 21


async def test_submit_opinion_without_the_gateways_credential_is_refused(house: House) -> None:
    answer = await house.client.http.post("/v1/opinions", json=opinion())
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:massline:problem:credential-required")


@pytest.mark.parametrize("field", ["unit_id", "about"])
async def test_submit_opinion_about_an_unknown_unit(house: House, field: str) -> None:
    unknown = str(uuid4())
    said: dict[str, Any] = {field: unknown if field == "unit_id" else [unknown]}
    answer = await house.try_submit(**said)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:massline:problem:unit-not-found")


class TestAbout:
    """Whoever an opinion is about never reads it, nor does anybody below them."""

    async def test_the_case_goes_to_the_nearest_unit_above(self, house: House) -> None:
        filed = await house.submit(about=[str(unit("village")), str(unit("township"))])
        assert [reader["code"] for reader in filed["readers"]] == ["county", "prefecture", "province"]
        case = await house.get(f"/v1/cases/{filed['case_id']}", caller=official("county"))
        assert case["unit_id"] == str(unit("county"))

    async def test_it_is_refused_when_nobody_is_left(self, house: House) -> None:
        answer = await house.try_submit(about=[str(unit("province"))])
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:no-reader-left")

    async def test_no_blamed_official_sees_the_case_anywhere(self, house: House) -> None:
        case_id = await house.case(about=[str(unit("township"))])
        for caller in (official("township"), lead("township"), lead("village"), official("neighbour")):
            assert (await house.client.get(f"/v1/cases/{case_id}", caller=caller)).status_code == 404
            assert (await house.try_do(case_id, "acknowledge", caller=caller)).status_code == 404
            assert (await house.get("/v1/cases", caller=caller))["items"] == []
        for caller in (official("county"), lead("prefecture"), admin(), house.speaker):
            assert (await house.get("/v1/cases", caller=caller))["items"][0]["id"] == case_id

    async def test_a_blamed_unit_that_the_case_never_reached_stays_blind_after_escalation(self, house: House) -> None:
        case_id = await house.case(unit_id=unit("prefecture"), about=[str(unit("county"))])
        assert (await house.client.get(f"/v1/cases/{case_id}", caller=lead("province"))).status_code == 200
        assert (await house.client.get(f"/v1/cases/{case_id}", caller=lead("county"))).status_code == 404


ORIGIN = {"system": "nyc311", "reference": "40701234", "reported_at": "2019-01-01T08:00:00-05:00"}


class TestImport:
    """Another system's records."""

    async def test_an_imported_record_has_no_owner(self, house: House) -> None:
        boss = admin()
        case_id = await house.case(caller=boss, origin=ORIGIN)
        case = await house.get(f"/v1/cases/{case_id}", caller=boss)
        assert case["source"] == "imported"
        assert "confirm" not in case["allowed"]
        (row,) = await house.rows(
            "SELECT c.owner_id, o.* FROM opinions o JOIN cases c ON c.id = o.case_id WHERE c.id = $1", UUID(case_id)
        )
        assert row["owner_id"] is None
        assert (row["origin_system"], row["origin_reference"]) == ("nyc311", "40701234")
        assert row["origin_reported_at"] == datetime(2019, 1, 1, 13, tzinfo=UTC)

    @pytest.mark.parametrize("caller", [ANONYMOUS, resident(), official("village"), lead("province"), inspector("province")])
    async def test_only_an_administrator_imports(self, house: House, caller: Principal) -> None:
        answer = await house.try_submit(caller=caller, origin=ORIGIN)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:massline:problem:import-needs-admin")

    async def test_an_import_cannot_be_anonymous(self, house: House) -> None:
        answer = await house.try_submit(caller=admin(), origin=ORIGIN, protection="anonymous")
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:import-not-anonymous")

    async def test_a_record_comes_in_once(self, house: House) -> None:
        await house.submit(caller=admin(), origin=ORIGIN)
        answer = await house.try_submit(caller=admin(), origin=ORIGIN, title="Told anew")
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:origin-already-imported")
        assert "leave it out" in answer.json()["detail"]
        await house.submit(caller=admin(), origin={**ORIGIN, "reference": "40701235"})
        await house.submit(caller=admin(), origin={**ORIGIN, "system": "other"})


class TestIdempotency:
    async def test_the_same_request_again_has_one_effect_and_one_answer(self, house: House) -> None:
        headers = key()
        first = await house.try_submit(headers=headers)
        again = await house.try_submit(headers=headers)
        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert len(await house.rows("SELECT 1 FROM cases")) == 1

    async def test_an_anonymous_answer_is_replayed_with_its_receipt(self, house: House) -> None:
        headers = key()
        first = await house.submit(protection="anonymous", headers=headers)
        assert await house.submit(protection="anonymous", headers=headers) == first
        assert (await house.receipt("open", {"receipt": first["receipt"]})).status_code == 200

    async def test_another_body_under_the_same_key_is_refused(self, house: House) -> None:
        headers = key()
        await house.submit(headers=headers)
        answer = await house.try_submit(headers=headers, title="Something else")
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:idempotency-key-reused")
        assert len(await house.rows("SELECT 1 FROM cases")) == 1

    async def test_a_key_belongs_to_its_caller(self, house: House) -> None:
        headers = key()
        one = await house.submit(headers=headers)
        other = await house.submit(headers=headers, caller=resident())
        assert one["case_id"] != other["case_id"]

    async def test_a_refused_request_leaves_its_key_free(self, house: House) -> None:
        headers = key()
        assert (await house.try_submit(headers=headers, about=[str(unit("province"))])).status_code == 422
        await house.submit(headers=headers)

    async def test_a_malformed_key_is_refused(self, house: House) -> None:
        answer = await house.try_submit(headers={"Idempotency-Key": "x" * 256})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:idempotency-key-malformed")
