"""Plays the stories through the REST API under a clock of their own, so that four months pass in seconds."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from services.demonstration.stories import (
    ACCOUNTS,
    CONTACTS,
    DAYS,
    OFFICIALS,
    STORIES,
    UNITS,
    VISITS,
    DemoAccount,
    DemoContact,
    DemoVisit,
    Step,
    Story,
)
from services.standalone import Product
from services.var import write_private
from shared.outbox import outbox


class DemonstrationIncomplete(Exception):
    """An earlier seeding was cut off; the message says how to begin again."""


class DemoClock:
    """Moves only forward, and only when told."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def reach(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


def demo_start() -> datetime:
    """The last nine in the morning, `DAYS` days earlier: nothing that is told lies in the future."""
    now = datetime.now(UTC)
    nine = now.replace(hour=9, minute=0, second=0, microsecond=0)
    return nine - timedelta(days=DAYS if nine <= now else DAYS + 1)


def _json(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


@dataclass
class Seeding:
    product: Product
    clock: DemoClock
    http: httpx.AsyncClient
    start: datetime
    units: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def send(self, who: str | None, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _json(await self.http.post(f"/v1/{path}", json=body, headers=self._bearer(who)))

    async def get(self, who: str, path: str, **params: str) -> dict[str, Any]:
        return _json(await self.http.get(f"/v1/{path}", params=params, headers=self._bearer(who)))

    def _bearer(self, who: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}

    async def sign_in(self, username: str, password: str) -> None:
        form = {"username": username, "password": password}
        self.tokens[username] = _json(await self.http.post("/v1/auth/token", data=form))["access_token"]
        self.passwords[username] = password

    def day(self, number: float) -> datetime:
        return self.start + timedelta(days=number)


async def seed(product: Product, clock: DemoClock, *, admin_password: str, accounts_file: Path) -> None:
    """Tell everything once; a demonstration that is already there is left alone. Writes the accounts when all is done.

    Raises `DemonstrationIncomplete`.
    """
    # In a task of its own, whose context ends with it: the ids of its requests would stand in the lines of all that follows.
    await asyncio.create_task(_tell(product, clock, admin_password, accounts_file))


async def _tell(product: Product, clock: DemoClock, admin_password: str, accounts_file: Path) -> None:
    made = await asyncio.to_thread(accounts_file.exists)
    _lengthen_tokens(product)
    transport = httpx.ASGITransport(app=product.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://massline", timeout=60) as http:
        seeding = Seeding(product, clock, http, clock.now)
        await seeding.sign_in("admin", admin_password)
        if await _begun(seeding):
            if made:
                return
            raise DemonstrationIncomplete(
                "an earlier demonstration was cut off while it was made: remove the MASSLINE_VAR folder and start again"
            )
        await _register(seeding)
        await _play(seeding)
        await _settle(seeding)
    write_private(accounts_file, json.dumps(_accounts(seeding), indent=2, ensure_ascii=False) + "\n")


def _lengthen_tokens(product: Product) -> None:
    """To the length of the stories: a sign-in a day for each of their people would be most of the work."""
    for service in product.services:
        if service.name == "gateway":
            service.api.state.tokens.lifetime = int(timedelta(days=DAYS + 2).total_seconds())


async def _begun(seeding: Seeding) -> bool:
    return bool((await seeding.get("admin", "units", code=UNITS[0].code))["items"])


async def _register(seeding: Seeding) -> None:
    for unit in UNITS:
        parent = seeding.units[unit.parent] if unit.parent else None
        body = {"code": unit.code, "name": unit.name, "level": unit.level, "parent_id": parent}
        seeding.units[unit.code] = (await seeding.send("admin", "units", body))["id"]
    await asyncio.gather(*(_make_account(seeding, account) for account in ACCOUNTS))
    await _start_campaign(seeding)


async def _make_account(seeding: Seeding, account: DemoAccount) -> None:
    password = secrets.token_urlsafe(12)
    unit_id = seeding.units[account.unit] if account.unit else None
    body = {"username": account.username, "password": password, "role": account.role, "unit_id": unit_id}
    seeding.ids[account.username] = (await seeding.send("admin", "accounts", body))["id"]
    await seeding.sign_in(account.username, password)


async def _start_campaign(seeding: Seeding) -> None:
    [standard] = (await seeding.get("admin", "standards", code="three-rates", state="active"))["items"]
    campaign = {
        "code": "closer-to-people",
        "name": "Closer to people 走近群众",
        "standard_id": standard["id"],
        "unit_id": seeding.units["yunling"],
        "starts_at": seeding.day(0).isoformat(),
        "ends_at": seeding.day(2 * DAYS).isoformat(),
    }
    await seeding.send("admin", "campaigns", campaign)


Act = Callable[[], Awaitable[None]]


async def _play(seeding: Seeding) -> None:
    """Every act at its moment, and the timed jobs once a day."""
    acts: list[tuple[datetime, Act]] = [(seeding.day(number), lambda: _work(seeding)) for number in range(1, DAYS + 1)]
    for story in STORIES:
        acts += _acts_of(seeding, story)
    for visit in VISITS:
        acts += _acts_of_visit(seeding, visit)
    for contact in CONTACTS:
        acts += _acts_of_contact(seeding, contact)
    for moment, act in sorted(acts, key=lambda entry: entry[0]):
        if moment <= seeding.day(DAYS):
            seeding.clock.reach(moment)
            await act()
    seeding.clock.reach(datetime.now(UTC))
    await _work(seeding)


def _acts_of(seeding: Seeding, story: Story) -> list[tuple[datetime, Act]]:
    opened: dict[str, Any] = {}

    async def submit() -> None:
        body = {
            "channel": story.topic.channel,
            "title": story.topic.title,
            "body": story.topic.body,
            "category": story.topic.category,
            "unit_id": seeding.units[story.unit],
            "protection": "named" if story.speaker else "anonymous",
        }
        opened.update(await seeding.send(story.speaker, "opinions", body))

    def act_of(step: Step) -> Act:
        return lambda: _take(seeding, story, opened, step)

    return [(seeding.day(story.day), submit), *((seeding.day(story.day + step.days), act_of(step)) for step in story.steps)]


async def _take(seeding: Seeding, story: Story, opened: dict[str, Any], step: Step) -> None:
    body = step.body
    if step.verb == "answer":
        body = {"text": story.topic.answer, "outcome": story.topic.outcome}
    if step.who == "official":
        await seeding.send(OFFICIALS[story.unit], f"cases/{opened['case_id']}/{step.verb}", body)
    elif story.speaker is None:
        await seeding.send(None, f"receipts/{step.verb}", {**body, "receipt": opened["receipt"]})
    else:
        await seeding.send(story.speaker, f"cases/{opened['case_id']}/{step.verb}", body)


def _acts_of_visit(seeding: Seeding, visit: DemoVisit) -> list[tuple[datetime, Act]]:
    planned: dict[str, Any] = {}
    official, start = OFFICIALS[visit.unit], seeding.day(visit.day)

    async def plan() -> None:
        body = {
            "unit_id": seeding.units[visit.unit],
            "purpose": visit.purpose,
            "place": visit.place,
            "assignee_id": seeding.ids[official],
            "starts_at": start.isoformat(),
        }
        planned.update(await seeding.send(official, "visit-plans", body))

    async def record() -> None:
        finding = {"title": visit.finding, "body": "Heard on the spot. 现场了解。", "category": "water"}
        body = {
            "outcome": visit.outcome,
            "occurred_at": (start + timedelta(hours=2)).isoformat(),
            "findings": [finding] if visit.finding else [],
        }
        await seeding.send(official, f"visits/{planned['visits'][0]['id']}/record", body)

    async def answer() -> None:
        found = await seeding.get(official, "findings", visit_id=planned["visits"][0]["id"])
        body = {"text": "The upper lane has a pump of its own now. 上巷已单独装泵。", "outcome": "Water upstairs"}
        await seeding.send(official, f"cases/{found['items'][0]['case_id']}/answer", body)

    acts: list[tuple[datetime, Act]] = [(start - timedelta(days=7), plan)]
    if visit.outcome:
        acts.append((start + timedelta(hours=3), record))
    if visit.finding:
        acts.append((start + timedelta(days=4), answer))
    return acts


def _acts_of_contact(seeding: Seeding, contact: DemoContact) -> list[tuple[datetime, Act]]:
    planned: dict[str, Any] = {}
    official, start = OFFICIALS[contact.unit], seeding.day(contact.day)
    times = [start + timedelta(days=days) for days in range(1, DAYS - contact.day + 1, contact.rhythm_days)]

    async def agree() -> None:
        unit = {"unit_id": seeding.units[contact.unit]}
        job = {"code": "contact", "name": contact.post, "holder_id": seeding.ids[official], "visits_per_week": 5}
        post_id = (await seeding.send("county-lead", "posts", {**unit, **job}))["id"]
        household = {"kind": "household", "label": contact.label, "place": contact.place, "post_id": post_id}
        contact_id = (await seeding.send(official, "contacts", {**unit, **household}))["id"]
        await seeding.send(official, f"contacts/{contact_id}/agree", {"rhythm_days": contact.rhythm_days})
        plan = {"contact_id": contact_id, "purpose": contact.purpose, "starts_at": times[0].isoformat()}
        planned.update(await seeding.send(official, "visit-plans", plan))

    def record(number: int) -> Act:
        async def visit() -> None:
            body = {"outcome": "done", "occurred_at": (times[number] + timedelta(hours=1)).isoformat(), "present": "few"}
            await seeding.send(official, f"visits/{planned['visits'][number]['id']}/record", body)

        return visit

    return [(start, agree), *((time + timedelta(hours=2), record(number)) for number, time in enumerate(times))]


async def _work(seeding: Seeding) -> None:
    """What the timed jobs do at this moment, after every service has heard the news."""
    await _settle(seeding)
    for service in seeding.product.services:
        if service.name == "gateway":
            continue  # its job is to send webhooks, and there are none
        for job in service.jobs:
            while await job.run(service.works):
                pass


async def _settle(seeding: Seeding) -> None:
    """Wait until every outbox is empty: all that happened has been heard everywhere."""
    for service in seeding.product.services:
        while await _waiting(service.works.database.session) > 0:  # noqa: ASYNC110 - the relay is woken elsewhere
            await asyncio.sleep(0.02)


async def _waiting(session: Callable[[], Any]) -> int:
    async with session() as opened:
        return int(await opened.scalar(select(func.count()).select_from(outbox)))


def _accounts(seeding: Seeding) -> list[dict[str, Any]]:
    return [
        {
            "username": account.username,
            "password": seeding.passwords[account.username],
            "role": account.role,
            "unit": account.unit,
            "unit_id": seeding.units[account.unit] if account.unit else None,
        }
        for account in ACCOUNTS
    ]
