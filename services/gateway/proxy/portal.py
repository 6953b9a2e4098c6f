"""What stands outside /v1: where things are, the API's one document, and its page for people."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Scope

from services.gateway.proxy.pages import POLICY, docs_page
from services.gateway.proxy.rules import TOKEN_PATH, merge_openapi
from shared.http import install_problem_handlers
from shared.types import JsonObject

log = structlog.get_logger(__name__)

PATHS = frozenset({"/", "/docs", "/openapi.json"})
LINKS = {"name": "massline", "docs": "/docs", "openapi": "/openapi.json", "sign_in": TOKEN_PATH, "ready": "/readyz"}


class Documents:
    """The merged OpenAPI document, asked of the services when first wanted, and kept once all have answered."""

    def __init__(self, own: Callable[[], JsonObject], upstreams: Mapping[str, ASGIApp]) -> None:
        self._own = own
        self._upstreams = upstreams
        self._complete: JsonObject | None = None

    async def merged(self) -> JsonObject:
        """While a service is away, the document of the others; `x-missing-services` then names it."""
        if self._complete is not None:
            return self._complete
        found = await asyncio.gather(*(_document_of(upstream) for upstream in self._upstreams.values()))
        documents = {name: document for name, document in zip(self._upstreams, found, strict=True) if document is not None}
        merged = merge_openapi({**documents, "gateway": self._own()})
        missing = sorted(set(self._upstreams) - set(documents))
        if missing:
            return {**merged, "x-missing-services": missing}
        self._complete = merged
        return merged


def build_portal(documents: Documents) -> FastAPI:
    portal = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(portal)

    async def root(request: Request) -> Response:
        return _json(LINKS)

    async def openapi(request: Request) -> Response:
        return _json(await documents.merged())

    async def docs(request: Request) -> Response:
        page = docs_page(await documents.merged())
        return Response(page, headers={"Content-Security-Policy": POLICY}, media_type="text/html")

    portal.add_route("/", root, methods=["GET"])
    portal.add_route("/openapi.json", openapi, methods=["GET"])
    portal.add_route("/docs", docs, methods=["GET"])
    return portal


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


async def _document_of(upstream: ASGIApp) -> JsonObject | None:
    """What `GET /openapi.json` of an upstream says; None when it does not."""
    status, body = await _get(upstream, "/openapi.json")
    if status != 200:
        return None
    try:
        return msgspec.json.decode(body, type=JsonObject)
    except msgspec.DecodeError:
        log.warning("an OpenAPI document cannot be read")
        return None


async def _get(app: ASGIApp, path: str) -> tuple[int, bytes]:
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
    }
    status, body = 0, bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        body.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, bytes(body)
