"""A small real HTTP server that answers as the API does, and fails as told."""

import json
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

PASSWORD = "a password of the tests"
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class StubApi:
    """`troubles` are spent one per POST of an opinion: a status, or `reset` (nothing done), or `lost` (done, answer lost)."""

    port: int = 0
    opinions: list[dict[str, Any]] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    kept: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    refused_titles: set[str] = field(default_factory=set)
    refused_units: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)
    others_register_first: bool = False
    stop_after: int | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> list[str]:
        return sorted(opinion["origin"]["reference"] for opinion in self.opinions)

    def forget_kept_answers(self) -> None:
        self.kept.clear()

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def wait_at_stop(self) -> None:
        """Hold every opinion back once `stop_after` of them are in."""
        with self.lock:
            reached = self.stop_after is not None and len(self.opinions) >= self.stop_after
        if reached:
            self.stopped.set()
            assert self.go_on.wait(60)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: StubApi

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.api.requests.append(f"GET {self.path}")
        code = parse_qs(urlsplit(self.path).query)["code"][0]
        self._answer(200, {"items": [unit for unit in self.api.units if unit["code"] == code], "next_cursor": None})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        self.api.requests.append(f"POST {self.path}")
        if self.path == "/v1/auth/token":
            self._sign_in(parse_qs(body.decode()))
            return
        role = self.api.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if role != "admin":
            self._problem(*((403, "role-not-allowed") if role else (401, "invalid-token")))
        elif self.path == "/v1/units":
            self._register_unit(json.loads(body))
        else:
            self._submit_opinion(body.decode())

    def _sign_in(self, form: dict[str, list[str]]) -> None:
        if form["password"] != [PASSWORD]:
            self._problem(401, "wrong-credentials")
            return
        token = uuid4().hex
        self.api.tokens[token] = form["username"][0]
        self._answer(200, {"access_token": token, "token_type": "bearer", "expires_in": 900})

    def _register_unit(self, unit: dict[str, Any]) -> None:
        if unit["code"] in self.api.refused_units:
            self._problem(422, "invalid-request")
            return
        with self.api.lock:
            registered = {**unit, "id": str(uuid4())}
            free = all(known["code"] != unit["code"] for known in self.api.units)
            if free:
                self.api.units.append(registered)
        if free and not self.api.others_register_first:
            self._answer(201, registered)
        else:
            self._problem(409, "unit-code-taken")

    def _submit_opinion(self, body: str) -> None:
        trouble = self.api.troubles.pop(0) if self.api.troubles else ""
        if trouble == "expired":
            self.api.expire_tokens()
            self._problem(401, "invalid-token")
        elif trouble == "reset":
            self._reset()
        elif trouble.isdigit():
            self._problem(int(trouble), "database-unavailable", headers={"Retry-After": "0"})
        elif trouble not in ("", "lost"):
            self._problem(409, trouble)
        else:
            self.api.wait_at_stop()
            self._apply(body, lost=trouble == "lost")

    def _apply(self, body: str, *, lost: bool) -> None:
        status, answer, replayed = self._effect(body, self.headers["Idempotency-Key"])
        if lost:
            self._reset()
        elif isinstance(answer, str):
            self._problem(status, answer)
        else:
            self._answer(status, answer, {"Idempotency-Replayed": "true"} if replayed else {})

    def _effect(self, body: str, key: str) -> tuple[int, dict[str, Any] | str, bool]:
        opinion: dict[str, Any] = json.loads(body)
        with self.api.lock:
            if key in self.api.kept:
                first, answer = self.api.kept[key]
                return (201, answer, True) if first == body else (422, "idempotency-key-reused", False)
            if opinion["title"] in self.api.refused_titles:
                return 422, "invalid-request", False
            if opinion["origin"]["reference"] in self.api.keys:
                return 409, "origin-already-imported", False
            answer = {"id": str(uuid4()), "case_id": str(uuid4())}
            self.api.opinions.append(opinion)
            self.api.kept[key] = (body, answer)
            return 201, answer, False

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        self.connection.close()

    def _problem(self, status: int, slug: str, headers: dict[str, str] | None = None) -> None:
        problem = {"type": f"urn:massline:problem:{slug}", "status": status, "detail": f"It is {slug}.", "errors": []}
        self._answer(status, problem, headers)

    def _answer(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        encoded = json.dumps(content).encode()
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(encoded)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(encoded)
        except ConnectionError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what these tests are about."""
        error = sys.exception()
        if not isinstance(error, OSError):
            raise AssertionError("the stub failed") from error


@contextmanager
def serve_stub() -> Iterator[StubApi]:
    api = StubApi()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    api.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield api
    finally:
        api.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
