"""Plays the stories through the REST API under a clock of their own, so that four months pass in seconds."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from services.demonstration.stories import ACCOUNTS, DAYS, OFFICIALS, STORIES, UNITS, VISITS, DemoVisit, Step, Story
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
    """Nine in the morning, `DAYS` days ago."""
    return datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)


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
        answer = await self._post(who, path, body)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and who:
            await self._renew(who)
            answer = await self._post(who, path, body)
        if answer.is_error:
            raise RuntimeError(f"POST /v1/{path} as {who}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    async def _post(self, who: str | None, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return await self.http.post(f"/v1/{path}", json=body, headers=headers)

    async def sign_in(self, username: str, password: str) -> None:
        self.passwords[username] = password
        await self._renew(username)

    async def _renew(self, username: str) -> None:
        """A token lives an hour, a story weeks."""
        form = {"username": username, "password": self.passwords[username]}
        answer = await self.http.post("/v1/auth/token", data=form)
        answer.raise_for_status()
        self.tokens[username] = answer.json()["access_token"]

    def day(self, number: float) -> datetime:
        return self.start + timedelta(days=number)


async def seed(product: Product, clock: DemoClock, *, admin_password: str, accounts_file: Path) -> None:
    """Tell everything once; a demonstration that is already there is left alone. Writes the accounts when all is done.

    Raises `DemonstrationIncomplete`.
    """
    made = await asyncio.to_thread(accounts_file.exists)
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


async def _begun(seeding: Seeding) -> bool:
    answer = await seeding.http.get(
        "/v1/units", params={"code": UNITS[0].code}, headers={"Authorization": f"Bearer {seeding.tokens['admin']}"}
    )
    answer.raise_for_status()
    return bool(answer.json()["items"])


async def _register(seeding: Seeding) -> None:
    for unit in UNITS:
        parent = seeding.units[unit.parent] if unit.parent else None
        body = {"code": unit.code, "name": unit.name, "level": unit.level, "parent_id": parent}
        seeding.units[unit.code] = (await seeding.send("admin", "units", body))["id"]
    for account in ACCOUNTS:
        password = secrets.token_urlsafe(12)
        body = {
            "username": account.username,
            "password": password,
            "role": account.role,
            "unit_id": seeding.units[account.unit] if account.unit else None,
        }
        seeding.ids[account.username] = (await seeding.send("admin", "accounts", body))["id"]
        await seeding.sign_in(account.username, password)
    await _start_campaign(seeding)


async def _start_campaign(seeding: Seeding) -> None:
    standard = {"code": "service-to-residents", "name": "Service to residents 为民服务"}
    standard_id = (await seeding.send("admin", "standards", standard))["id"]
    campaign = {
        "code": "closer-to-people",
        "name": "Closer to people 走近群众",
        "standard_id": standard_id,
        "unit_id": seeding.units["yunling"],
        "starts_at": seeding.day(0).isoformat(),
        "ends_at": seeding.day(2 * DAYS).isoformat(),
    }
    await seeding.send("admin", "campaigns", campaign)


Act = Callable[[], Awaitable[None]]


async def _play(seeding: Seeding) -> None:
    """Every act at its moment, and the timed jobs once a day."""
    acts: list[tuple[datetime, Act]] = [(seeding.day(number + 0.5), lambda: _work(seeding)) for number in range(DAYS)]
    for story in STORIES:
        acts += _acts_of(seeding, story)
    for visit in VISITS:
        acts += _acts_of_visit(seeding, visit)
    today = seeding.day(DAYS)
    for moment, act in sorted(acts, key=lambda entry: entry[0]):
        if moment <= today:
            seeding.clock.reach(moment)
            await act()
    seeding.clock.reach(today)
    await _work(seeding)


def _acts_of(seeding: Seeding, story: Story) -> list[tuple[datetime, Act]]:
    opened: dict[str, Any] = {}

    async def submit() -> None:
        body = {
            "channel": story.channel,
            "title": story.title,
            "body": story.body,
            "unit_id": seeding.units[story.unit],
            "protection": "named" if story.speaker else "anonymous",
        }
        opened.update(await seeding.send(story.speaker, "opinions", body))

    def act_of(step: Step) -> Act:
        return lambda: _take(seeding, story, opened, step)

    return [(seeding.day(story.day), submit), *((seeding.day(story.day + step.days), act_of(step)) for step in story.steps)]


async def _take(seeding: Seeding, story: Story, opened: dict[str, Any], step: Step) -> None:
    if step.who == "official":
        await seeding.send(OFFICIALS[story.unit], f"cases/{opened['case_id']}/{step.verb}", step.body)
    elif story.speaker is None:
        await seeding.send(None, f"receipts/{step.verb}", {**step.body, "receipt": opened["receipt"]})
    else:
        await seeding.send(story.speaker, f"cases/{opened['case_id']}/{step.verb}", step.body)


def _acts_of_visit(seeding: Seeding, visit: DemoVisit) -> list[tuple[datetime, Act]]:
    planned: dict[str, Any] = {}
    start = seeding.day(visit.day)

    async def plan() -> None:
        body = {
            "unit_id": seeding.units[visit.unit],
            "purpose": visit.purpose,
            "place": visit.place,
            "assignee_id": seeding.ids[visit.official],
            "starts_at": start.isoformat(),
        }
        planned.update(await seeding.send(visit.official, "visit-plans", body))

    async def record() -> None:
        finding = {"title": visit.finding, "body": "Heard on the spot. 现场了解。", "category": "water"}
        body = {
            "outcome": visit.outcome,
            "occurred_at": start.isoformat(),
            "findings": [finding] if visit.finding else [],
        }
        await seeding.send(visit.official, f"visits/{planned['visits'][0]['id']}/record", body)

    acts: list[tuple[datetime, Act]] = [(start - timedelta(days=1), plan)]
    return [*acts, (start + timedelta(hours=3), record)] if visit.outcome else acts


async def _work(seeding: Seeding) -> None:
    """What the timed jobs do at this moment, after every service has heard the news."""
    await _settle(seeding)
    for service in seeding.product.services:
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
