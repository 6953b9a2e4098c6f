"""`make demo`: the same whole picture every time, made once."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.demonstration.seed import DemoClock, demo_start, seed
from services.demonstration.stories import ACCOUNTS, STORIES, UNITS
from services.standalone import build_product
from shared.bus.inprocess import InProcessBus
from shared.telemetry import current_trace
from tests.support.databases import Databases
from tests.support.process import environment, run
from tests.support.world import ADMIN_PASSWORD, Person, World, visiting

STATES = {
    "received",
    "acknowledged",
    "in_progress",
    "waiting_resident",
    "answered",
    "confirmed_resolved",
    "closed_unconfirmed",
    "rejected",
    "withdrawn",
}


@pytest.mark.slow
async def test_demonstration_shows_every_state_and_is_made_once(databases: Databases, tmp_path: Path) -> None:
    settings = {
        f"MASSLINE_{name}_DATABASE_URL": databases.fresh(name.lower()) for name in ("FEEDBACK", "VISITS", "ASSESSMENT", "GATEWAY")
    }
    settings["MASSLINE_GATEWAY_ADMIN_PASSWORD"] = ADMIN_PASSWORD
    accounts = tmp_path / "demo-accounts.json"
    await _make(settings, accounts)
    assert current_trace() is None
    written = accounts.read_text()
    async with _opened(settings) as world:
        before = await _picture(world, written)
        assert before["cases"]["by_state"].keys() == STATES
        assert all(before["cases"]["by_state"].values()), before["cases"]
        assert before["cases"]["total"] >= len(STORIES)
        grades = {row["code"]: row["grade"]["value"] for row in before["board"]}
        assert grades["heping"] == "excellent"
        assert grades["nanwan"] == "unqualified"
        assert grades["dongjie"] == "qualified"
        assert grades["xiling"] == "not_graded"
        assert len(before["board"]) == len(UNITS)
        assert {visit["state"] for visit in before["visits"]} >= {"done", "refused_by_resident", "missed", "planned"}
        (contact,) = before["contacts"]
        assert (contact["state"], contact["rhythm_days"], contact["overdue"]) == ("agreed", 30, False)
        of_contact = [visit["state"] for visit in before["visits"] if visit["contact_id"] == contact["id"]]
        assert of_contact[:3] == ["done", "done", "planned"]
    await _make(settings, accounts)
    assert accounts.read_text() == written
    async with _opened(settings) as world:
        after = await _picture(world, written)
    assert after == before


@asynccontextmanager
async def _opened(settings: dict[str, str]) -> AsyncIterator[World]:
    product = build_product(settings)
    async with product.running(InProcessBus()), visiting(product) as world:
        yield world


async def _make(settings: dict[str, str], accounts: Path) -> None:
    clock = DemoClock(demo_start())
    product = build_product(settings, clock=clock)
    async with product.running(InProcessBus()):
        await seed(product, clock, admin_password=ADMIN_PASSWORD, accounts_file=accounts)


async def _picture(world: World, accounts: str) -> dict[str, Any]:
    """What a visitor sees, signed in with an account of the file."""
    admin = await world.sign_in()
    written = {account["username"]: account for account in json.loads(accounts)}
    assert written.keys() == {account.username for account in ACCOUNTS}
    lead: Person = await world.sign_in("province-lead", written["province-lead"]["password"])
    board = await world.nobody.get("/v1/public/scoreboard", limit=100)
    return {
        "cases": await admin.get("/v1/cases/counts"),
        "board": board["items"],
        "visits": (await lead.get("/v1/visits", limit=100))["items"],
        "contacts": [_dated(contact) for contact in (await lead.get("/v1/contacts", limit=100))["items"]],
    }


def _dated(contact: dict[str, Any]) -> dict[str, Any]:
    """Without what passes with time alone."""
    return {name: value for name, value in contact.items() if name != "last_contact_days"}


def test_demonstration_is_refused_in_production(var: Path) -> None:
    done = run(["demo"], environment(MASSLINE_PROFILE="production", MASSLINE_VAR=str(var)))
    assert done.returncode == 2
    assert "production" in done.stderr
    assert not (var / "postgres").exists()
