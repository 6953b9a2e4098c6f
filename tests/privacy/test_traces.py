"""What the anonymous path leaves behind: marked requests, then a search through every byte that the system wrote or sent."""

import asyncio
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.feedback.files import MARK as MARK_OF_FILES
from tests.feedback.files import jpeg
from tests.privacy.marks import Mark, found_in, found_under
from tests.support.eventually import eventually
from tests.support.process import environment, free_port, running
from tests.support.receiver import Receiver, open_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = "xq-said-by-name"
USERNAME = "xq.signed.in.meanwhile"
PASSWORD = "a long enough password"
ADDRESS = "127.77.66.55"
"""From which the marked requests really come, beside the headers that say so."""
MODES = [pytest.param("run", id="one-process"), pytest.param("stack", id="four-processes", marks=pytest.mark.kafka)]
NOT_OURS = ("kafka/libs", ".jar", "secrets.json")


class Voice:
    """An anonymous speaker who leaves a mark wherever a client can, while signed in as somebody."""

    def __init__(self) -> None:
        tag = uuid4().hex
        self.marks = {
            "address": ADDRESS,
            "forwarded address": "203.0.113.77",
            "user agent": f"xq-agent-{tag}",
            "idempotency key": f"xq-key-{tag}",
            "trace": uuid4().hex,
            "title": f"xq-title-{tag}",
            "body": f"xq-body-{tag}",
            "chinese": f"井边的灯{tag}",
            "place": f"xq-place-{tag}",
            "contact": f"xq.contact.{tag}@example.org",
            "message": f"xq-message-{tag}",
            "reason": f"xq-reason-{tag}",
            "retaliation": f"xq-retaliation-{tag}",
            "answer": f"xq-answer-{tag}",
            "file name": f"xq-file-{tag}",
            "file": MARK_OF_FILES,
        }
        self.receipt = ""

    @property
    def headers(self) -> dict[str, str]:
        marks = self.marks
        return {
            "User-Agent": marks["user agent"],
            "X-Forwarded-For": marks["forwarded address"],
            "X-Real-IP": marks["forwarded address"],
            "Forwarded": f"for={marks['forwarded address']}",
            "traceparent": f"00-{marks['trace']}-00f067aa0ba902b7-01",
            "Referer": f"http://example.org/{marks['title']}",
        }

    def got(self, receipt: str) -> None:
        self.receipt = receipt
        plain = receipt.replace("-", "")
        self.marks |= {"receipt": receipt, "receipt as typed": plain, "first half": plain[:10], "second half": plain[10:20]}


def speak(api: str, voice: Voice, unit_id: str, official: httpx.Client, token: str) -> None:
    """File, attach, write, be asked and answered, refuse, confirm, reopen, withdraw: each with marks."""
    marks = voice.marks
    opinion = {
        "channel": "public_opinion",
        "title": marks["title"],
        "body": f"{marks['body']} {marks['chinese']} {marks['contact']} " + marks["body"] * 40,
        "place": marks["place"],
        "unit_id": unit_id,
        "protection": "anonymous",
    }
    transport = httpx.HTTPTransport(local_address=ADDRESS)
    signed_in = {**voice.headers, "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=api, transport=transport, headers=signed_in, timeout=30) as client:

        def post(path: str, body: dict[str, Any], **options: Any) -> Any:
            answer = client.post(path, json=body, headers={"Idempotency-Key": f"{marks['idempotency key']}{path}"}, **options)
            assert answer.status_code in (200, 201), f"{path}: {answer.text}"
            return answer.json()

        filed = post("/opinions", opinion)
        voice.got(filed["receipt"])
        case, shown = filed["case_id"], {"receipt": voice.receipt}
        files = {"file": (f"{marks['file name']}.jpg", jpeg(), "image/jpeg")}
        sent = client.post("/receipts/attachments", data=shown, files=files)
        assert sent.status_code == 201, sent.text
        _must(official.post(f"/cases/{case}/ask", json={"text": f"You said: {marks['body']}?"}))
        post("/receipts/messages", {**shown, "text": f"{marks['message']} {marks['contact']}"})
        _must(official.post(f"/cases/{case}/answer", json={"text": marks["answer"], "outcome": marks["answer"]}))
        post("/receipts/confirm", {**shown, "resolved": True, "satisfied": True, "score": 5})
        post("/receipts/reopen", {**shown, "reason": marks["reason"]})
        post("/receipts/withdraw", {**shown, "reason": marks["reason"]})
        post("/receipts/check-in", {**shown, "safe": False})
        post("/receipts/retaliation", {**shown, "text": f"{marks['retaliation']} {marks['contact']}"})
        opened = post("/receipts/open", shown)
        assert (opened["case"]["body"], opened["messages"][1]["text"].split()[0]) == (opinion["body"], marks["message"])
        refused = client.post("/opinions", json={**opinion, "unit_id": marks["title"], "secret": marks["body"]})
        assert refused.status_code == 422
        guessed = client.post("/receipts/open", json={"receipt": voice.receipt[:-1] + "0"})
        assert guessed.status_code in (200, 404)


def _must(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


@contextmanager
def signed_in(api: str, username: str, password: str) -> "Iterator[httpx.Client]":
    with httpx.Client(base_url=api, trust_env=False, timeout=30) as client:
        token = _must(client.post("/auth/token", data={"username": username, "password": password}))["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def act(api: str, var: Path, voice: Voice, receiver_url: str) -> str:
    """Set the stage as the administrator does, then speak; returns the id of the account that was signed in meanwhile."""
    with signed_in(api, "admin", (var / "admin-password").read_text().strip()) as admin:
        _must(admin.post("/webhooks", json={"url": receiver_url, "event_types": ["*"]}))
        above = {"code": "prefecture", "name": "Prefecture", "level": "prefecture", "parent_id": None}
        above_id = _must(admin.post("/units", json=above))["id"]
        unit = {"code": "county", "name": "County", "level": "county", "parent_id": above_id}
        unit_id = _must(admin.post("/units", json=unit))["id"]
        resident = {"username": USERNAME, "password": PASSWORD, "role": "resident"}
        account_id: str = _must(admin.post("/accounts", json=resident))["id"]
        _must(
            admin.post("/accounts", json={"username": "official", "password": PASSWORD, "role": "official", "unit_id": unit_id})
        )
    with signed_in(api, "official", PASSWORD) as official, signed_in(api, USERNAME, PASSWORD) as somebody:
        _must(official.post("/opinions", json={"channel": "thought", "title": NAMED, "body": NAMED, "unit_id": unit_id}))
        speak(api, voice, unit_id, official, somebody.headers["Authorization"].removeprefix("Bearer "))
    return account_id


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", MODES)
async def test_no_byte_of_an_anonymous_speaker_is_left_anywhere(mode: str, var: Path) -> None:
    voice, port = Voice(), free_port()
    async with open_receiver() as receiver:
        settings = environment(
            MASSLINE_PORT=str(port),
            MASSLINE_VAR=str(var),
            MASSLINE_LOG_LEVEL="debug",
            MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
        )
        api = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "services.cli", mode]
        opening = running(command, settings, var / "output.log")
        await asyncio.to_thread(opening.__enter__)
        try:
            account_id = await asyncio.to_thread(act, api, var, voice, receiver.url)
            await eventually(lambda: _heard(receiver), within=60)
            async with httpx.AsyncClient(trust_env=False) as client:
                metrics = (await client.get(f"http://127.0.0.1:{port}/metrics")).content
        finally:
            await asyncio.to_thread(opening.__exit__, None, None, None)
        delivered = b"\n".join(part for each in receiver.taken for part in (each.body, repr(each.headers).encode()))
    await asyncio.to_thread(_search, var, voice, account_id, metrics + delivered)


async def _heard(receiver: Receiver) -> bool:
    return {"massline.feedback.opinion.submitted.v1", "massline.feedback.retaliation.reported.v1"} <= set(receiver.types())


def _search(var: Path, voice: Voice, account_id: str, sent: bytes) -> None:
    assert list(var.rglob("pg_wal/0*")), "there is a write-ahead log to search"
    assert [file for file in (var / "attachments").rglob("*") if file.is_file()], "there is a file in the store"
    assert found_under(var, {"named": NAMED}, but=NOT_OURS), "what is kept in plain words is found"
    assert found_under(var, voice.marks, but=NOT_OURS) == {}
    assert found_in(sent, voice.marks) == []
    _search_for_account(var, UUID(account_id), sent)


def _search_for_account(var: Path, account_id: UUID, sent: bytes) -> None:
    """The gateway keeps accounts, and nothing else knows of this one."""
    account: dict[str, Mark] = {"text": str(account_id), "hex": account_id.hex, "bytes": account_id.bytes}
    accounts = {str(Path(file).parent) for file in found_under(var, {"name": USERNAME}, but=(*NOT_OURS, "pg_wal"))}
    assert len(accounts) == 1, "one database keeps accounts"
    found = found_under(var, account, but=(*NOT_OURS, "pg_wal", *accounts))
    assert found == {}
    assert found_in(sent, account) == []
