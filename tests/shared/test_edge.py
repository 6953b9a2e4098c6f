"""The HTTP edge: a 2xx means committed, everything else means nothing happened, and every refusal looks the same."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.auth import CREDENTIAL_HEADER, Credentials, Role
from shared.http import Edge, UploadTurns
from shared.telemetry import metrics_text
from tests.shared.problems import assert_problem
from tests.shared.toy import KINDS, Toy
from tests.support.callers import principal

KILL_OPEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'idle in transaction'
"""
NOTE = {"title": "A bench is broken"}


async def test_a_change_and_its_event_are_there_when_the_answer_is(toy: Toy) -> None:
    answer = await toy.post("/v1/notes", json=NOTE)
    assert answer.status_code == 201
    assert await toy.titles() == [NOTE["title"]]
    assert await toy.column("SELECT type FROM outbox") == ["massline.testing.note.written.v1"]


async def test_the_commit_comes_before_the_first_byte_of_the_answer(toy: Toy) -> None:
    seen: list[list[str]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"title": "now"}', "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 201
            seen.append(await toy.titles())

    token = Credentials(toy.service.settings.internal_secret.get_secret_value()).issue(principal(Role.resident))
    headers = [(b"content-type", b"application/json"), (CREDENTIAL_HEADER.encode(), token.encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/notes", "query_string": b"", "headers": headers}
    await toy.service.app(scope, receive, send)
    assert seen == [["now"]]


async def test_a_commit_that_fails_is_no_success_and_has_no_effect(toy: Toy) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        answer = await toy.post("/v1/notes/broken-pair", json=NOTE, headers=headers)
        assert_problem(answer, 500, "internal-error")
    assert await toy.titles() == []
    assert await toy.column("SELECT id FROM outbox") == []
    assert await toy.column("SELECT id FROM idempotency_keys") == []


STATUSES = {
    "invalid": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "gone": 410,
    "too-many": 429,
    "unavailable": 503,
}


def test_every_kind_has_a_status() -> None:
    assert set(STATUSES) == set(KINDS)


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
async def test_a_refusal_has_its_status_and_slug_and_no_effect(toy: Toy, kind: str, status: int) -> None:
    answer = await toy.post(f"/v1/notes/refuses/{kind}", json=NOTE)
    assert_problem(answer, status, "toy-refusal")
    assert answer.json()["detail"] == "Do something else."
    assert await toy.titles() == []
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert answer.headers.get("retry-after") == ("1" if status in (429, 503) else None)


async def test_a_failure_tells_nothing_but_the_request_id(toy: Toy) -> None:
    answer = await toy.post("/v1/notes/crashes", json=NOTE)
    assert_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text
    assert NOTE["title"] not in answer.text
    assert await toy.titles() == []


async def test_a_database_that_is_away_is_503_and_the_service_comes_back_by_itself(toy: Toy) -> None:
    await toy.post("/v1/notes", json=NOTE)
    cut = asyncio.Event()

    async def lose(title: str) -> None:
        await toy.service.database.pool.execute(KILL_OPEN)
        cut.set()

    toy.service.api.state.gate = lose
    answer = await toy.post("/v1/notes/waits", json={"title": "lost"})
    assert cut.is_set()
    assert_problem(answer, 503, "database-unavailable")
    assert answer.headers["retry-after"] == "1"
    assert (await toy.post("/v1/notes", json={"title": "after"})).status_code == 201
    assert await toy.titles() == [NOTE["title"], "after"]


async def test_unknown_routes_and_methods_are_problems_too(toy: Toy) -> None:
    assert_problem(await toy.get("/v1/nowhere"), 404, "no-such-route")
    wrong = await toy.call("DELETE", "/v1/notes")
    assert_problem(wrong, 405, "method-not-allowed")
    assert "POST" in wrong.headers["allow"] or "GET" in wrong.headers["allow"]


async def test_a_validation_error_names_the_field_and_never_the_value(toy: Toy) -> None:
    answer = await toy.post("/v1/notes", json={"title": "", "score": 9, "my-secret-field": "my secret words"})
    assert_problem(answer, 422, "invalid-request")
    assert {error["field"] for error in answer.json()["errors"]} == {"body.title", "body.score", "body.my-secret-field"}
    assert "my secret words" not in answer.text


async def test_a_query_parameter_that_nobody_knows_is_refused_and_the_known_are_named(toy: Toy) -> None:
    answer = await toy.get("/v1/notes?limit=1&limt=5&\u00e4=1")
    assert_problem(answer, 422, "invalid-request")
    known = "is no parameter of this path; known are: cursor, limit, skip_until"
    assert answer.json()["errors"] == [{"field": f"query.{name}", "message": known} for name in ("limt", "\u00e4")]
    assert (await toy.get("/v1/notes?limit=1&skip_until=x")).status_code == 200


async def test_a_path_without_parameters_says_so_and_nothing_happens(toy: Toy) -> None:
    for key in ({}, {"Idempotency-Key": "k"}):
        answer = await toy.post("/v1/notes?force=1", json=NOTE, headers=key)
        assert_problem(answer, 422, "invalid-request")
        assert answer.json()["errors"] == [{"field": "query.force", "message": "this path takes no parameters"}]
    assert await toy.titles() == []


async def test_who_may_not_ask_is_told_that_first(toy: Toy) -> None:
    note = "/v1/notes/00000000-0000-0000-0000-000000000000?nonsense=1"
    assert_problem(await toy.get(note), 401)
    administered = "/v1/notes/administered?nonsense=1"
    assert_problem(await toy.post(administered, json=NOTE, caller=principal(Role.resident)), 403)
    assert_problem(await toy.post(administered, json=NOTE, caller=principal(Role.admin)), 422)


async def test_the_request_id_is_kept_when_well_formed_and_replaced_when_not(toy: Toy) -> None:
    kept = await toy.get("/v1/notes", headers={"X-Request-ID": "request-0001"})
    assert kept.headers["x-request-id"] == "request-0001"
    for hostile in ("short", "x" * 65, 'a"b<script>', "with space in it"):
        replaced = await toy.get("/v1/notes", headers={"X-Request-ID": hostile})
        assert replaced.headers["x-request-id"] not in ("", hostile)
        assert replaced.status_code == 200


async def test_a_request_is_counted_under_its_route_and_not_its_path(toy: Toy) -> None:
    await toy.get("/v1/notes/not-a-uuid-at-all", caller=principal(Role.resident))
    await toy.get("/v1/nowhere/at/all")
    text = metrics_text().decode()
    assert 'massline_http_requests_total{method="GET",route="/v1/notes/{note_id}",service="toy",status="422"}' in text
    assert 'route="unmatched"' in text
    assert "not-a-uuid" not in text
    assert "nowhere" not in text


async def test_probes_need_no_credential(toy: Toy) -> None:
    assert (await toy.http.get("/livez")).status_code == 200
    assert (await toy.http.get("/readyz")).json() == {"status": "ready"}
    assert "massline_outbox_waiting" in (await toy.http.get("/metrics")).text


async def upload(edge: Edge, answers: list[int], reads: list[str], name: str) -> None:
    async def receive() -> dict[str, Any]:
        reads.append(name)
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    await edge({"type": "http", "method": "POST", "path": "/v1/receipts/attachments", "headers": []}, receive, send)


@pytest.mark.parametrize(("patience", "second"), [(60.0, 200), (0.05, 503)])
async def test_an_upload_waits_its_turn_unread(patience: float, second: int) -> None:
    free, answers, reads = asyncio.Event(), list[int](), list[str]()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await free.wait()
        await Response()(scope, receive, send)

    edge = Edge(slow, "testing", turns=UploadTurns(at_once=1, patience=patience))
    uploads = [asyncio.create_task(upload(edge, answers, reads, name)) for name in ("first", "second")]
    if second == 503:
        await uploads[1]
    await asyncio.sleep(0)
    assert reads == ["first"]
    free.set()
    await asyncio.gather(*uploads)
    assert sorted(answers) == [200, second]
