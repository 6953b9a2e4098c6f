"""Who spoke: given, sealed, shown to few, and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.identities.actions import reseal_identity
from services.feedback.settings import FeedbackSettings
from shared.auth import Principal
from shared.keyring import Unreadable
from tests.feedback.house import House, admin, inspector, key, lead, official, resident, unit
from tests.shared.problems import assert_problem
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock

NAME, CONTACT = "Marked Name", "marked-contact@example.org"
IDENTITY = {"name": NAME, "contact": CONTACT}
WHOLE = {"masked": False, **IDENTITY, "given": ["name", "contact"]}
MASKED = {"masked": True, "name": None, "contact": None, "given": ["name", "contact"]}
KEYS = {"old": "1:the key of last year", "both": "2:the key of this year,1:the key of last year", "new": "2:the key of this year"}


@asynccontextmanager
async def reopened(house: House, database_url: str, clock: ManualClock, tmp_path: Path, keys: str) -> AsyncIterator[House]:
    """The same house, started anew with other keys."""
    settings = FeedbackSettings(database_url=database_url, var=tmp_path, vault_keys=SecretStr(KEYS[keys]))
    service = create_service(settings, clock=clock)
    async with service.open():
        yield House(service, ServiceClient(service), clock, house.speaker)


async def speaker_of(house: House, case_id: str, caller: Principal) -> Any:
    return (await house.get(f"/v1/cases/{case_id}", caller=caller))["speaker"]


async def joint_case(house: House, **said: Any) -> str:
    """Of the village, where the neighbour works too, and which was escalated to nobody."""
    case_id = await house.case(identity=IDENTITY, **said)
    task = {"unit_id": str(unit("neighbour")), "task": "Look at your wire."}
    await house.do(case_id, "joint-units", task, caller=official("village"))
    return case_id


HANDLING = {
    "official": official("village"),
    "lead": lead("village"),
    "joint official": official("neighbour"),
    "joint lead": lead("neighbour"),
    "lead above": lead("county"),
    "inspector above": inspector("province"),
    "inspector of the unit": inspector("village"),
}


@pytest.mark.parametrize("caller", HANDLING.values(), ids=HANDLING)
async def test_who_handles_a_named_case_sees_who_spoke(house: House, caller: Principal) -> None:
    assert await speaker_of(house, await joint_case(house), caller) == WHOLE


@pytest.mark.parametrize("caller", HANDLING.values(), ids=HANDLING)
async def test_of_a_confidential_case_they_see_a_mask(house: House, caller: Principal) -> None:
    assert await speaker_of(house, await joint_case(house, protection="confidential"), caller) == MASKED


@pytest.mark.parametrize("protection", ["named", "confidential"])
async def test_the_speaker_sees_it_and_an_administrator_a_mask(house: House, protection: str) -> None:
    case_id = await joint_case(house, protection=protection)
    assert await speaker_of(house, case_id, house.speaker) == WHOLE
    assert await speaker_of(house, case_id, admin()) == MASKED


async def test_a_unit_that_was_told_or_had_the_case_before_sees_a_mask(house: House) -> None:
    case_id = await house.case(identity=IDENTITY)
    clerk = official("village")
    said = {"unit_id": str(unit("neighbour")), "reason": "Your wire."}
    await house.do(case_id, "hand-over", said, caller=clerk)
    assert await speaker_of(house, case_id, clerk) == MASKED
    assert await speaker_of(house, case_id, official("neighbour")) == WHOLE
    await house.rows("INSERT INTO case_units VALUES ($1, $2, 'told', now())", unit("township"), UUID(case_id))
    assert await speaker_of(house, case_id, official("township")) == MASKED


async def test_every_answer_about_a_case_masks_alike(house: House) -> None:
    """Also what a POST answers, and a receipt."""
    filed = await house.submit(identity=IDENTITY, protection="confidential", assistance="counter", caller=official("elsewhere"))
    assert filed["receipt"]
    assert (await house.do(filed["case_id"], "acknowledge", caller=official("village")))["speaker"] == MASKED
    opened = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    assert (opened["case"]["speaker"], opened["identity_requests"]) == (WHOLE, [])


async def test_what_was_not_given_is_not_there(house: House) -> None:
    assert await speaker_of(house, await house.case(), official("village")) is None
    unreachable = await house.case(identity={"name": NAME})
    shown = await speaker_of(house, unreachable, official("village"))
    assert shown == {"masked": False, "name": NAME, "contact": None, "given": ["name"]}
    assert (await speaker_of(house, unreachable, admin()))["given"] == ["name"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "anonymous": ({"identity": IDENTITY, "protection": "anonymous"}, "anonymous-with-identity"),
    "imported": ({"identity": IDENTITY, "origin": {"system": "old", "reference": "1"}}, "import-unfit"),
    "no name": ({"identity": {"contact": CONTACT}}, "invalid-request"),
    "two lines": ({"identity": {"name": "a\nb"}}, "invalid-request"),
    "more": ({"identity": {**IDENTITY, "age": 40}}, "invalid-request"),
}


@pytest.mark.parametrize(("said", "slug"), REFUSED.values(), ids=REFUSED)
async def test_an_identity_that_does_not_fit_is_refused(house: House, said: dict[str, Any], slug: str) -> None:
    answer = await house.try_submit(caller=admin(), **said)
    assert_problem(answer, 422, slug)
    assert NAME not in answer.text
    assert not await house.rows("SELECT FROM identities")


async def test_neither_name_nor_contact_is_anywhere_but_sealed(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    """No list, no timeline, no file, no event, no log, and no column of the database has them."""
    cases = [
        await house.case(identity=IDENTITY, protection=protection, headers=key(), shared=protection == "named")
        for protection in ("named", "confidential")
    ]
    clerk = official("village")
    texts = []
    for caller in (clerk, lead("county"), admin(), house.speaker, resident()):
        for path in ("/v1/cases", "/v1/cases/export", *(f"/v1/cases/{case_id}/timeline" for case_id in cases)):
            texts.append((await house.client.get(path, caller=caller)).text)
        texts.append((await house.client.get(f"/v1/shared-cases/{cases[0]}", caller=caller)).text)
    for case_id in cases:
        answer = await house.client.post(f"/v1/cases/{case_id}/acknowledge", caller=clerk, json={}, headers=key())
        assert answer.status_code == 200
    texts += [value for _, value in await house.everything()]
    texts += [row["sealed"].decode("latin-1") for row in await house.rows("SELECT sealed FROM identities")]
    texts += [str(row) for row in await house.rows("SELECT * FROM outbox")]
    texts += list(capfd.readouterr())
    for mark in (NAME, CONTACT, NAME.encode().hex(), CONTACT.encode().hex()):
        assert not [text for text in texts if mark.lower() in text.lower()]


async def test_an_identity_is_sealed_for_its_case_alone(house: House) -> None:
    mine, other = await house.case(identity=IDENTITY), await house.case(identity={"name": "Other"})
    await house.rows(
        "UPDATE identities SET sealed = (SELECT sealed FROM identities WHERE case_id = $1) WHERE case_id = $2",
        UUID(mine),
        UUID(other),
    )
    assert (await speaker_of(house, other, official("village")))["masked"]


async def test_an_identity_is_sealed_anew_with_the_newest_key(
    house: House, database_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    async with reopened(house, database_url, clock, tmp_path, "old") as before:
        case_id, nameless = await before.case(identity=IDENTITY), await before.case()
    async with reopened(house, database_url, clock, tmp_path, "both") as between:
        assert await speaker_of(between, case_id, house.speaker) == WHOLE
        for _ in range(2):
            async with between.service.works.begin() as uow:
                await reseal_identity(uow, UUID(case_id))
                await reseal_identity(uow, UUID(nameless))
    async with reopened(house, database_url, clock, tmp_path, "new") as after:
        assert await speaker_of(after, case_id, house.speaker) == WHOLE


async def test_a_lost_key_masks_and_everything_else_works(
    house: House, database_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    async with reopened(house, database_url, clock, tmp_path, "old") as before:
        case_id = await before.case(identity=IDENTITY)
    async with reopened(house, database_url, clock, tmp_path, "new") as after:
        for caller in (house.speaker, official("village")):
            assert await speaker_of(after, case_id, caller) == MASKED
        await after.do(case_id, "answer", {"text": "Mended."}, caller=official("village"))
        async with after.service.works.open() as (uow, _):
            with pytest.raises(Unreadable):
                await reseal_identity(uow, UUID(case_id))
