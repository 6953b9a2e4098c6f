"""HTTP at the edge of a service: one commit per request, errors as problem+json, ids and metrics on every answer."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec
import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import Counter, Histogram
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import idempotency
from shared.auth import get_principal
from shared.db import is_outage
from shared.errors import (
    NOTHING_MORE,
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Outdated,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unproven,
)
from shared.languages import hear_language
from shared.telemetry import LATENCY, REQUESTS, current_trace, start_trace
from shared.uow import UnitOfWork, Works

log = structlog.get_logger(__name__)

STATUS: dict[type[DomainError], int] = {
    Invalid: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Outdated: 412,
    Unproven: 428,
    TooMany: 429,
    Unavailable: 503,
}
PROBLEM_JSON = "application/problem+json"
MAX_BODY_BYTES = 1_048_576
FORM_BYTES = 16_384
"""Allowed around a file for the form that it is sent in."""
UPLOAD = re.compile(r"/v1/(?:cases/[^/]+|receipts)/attachments")
"""Where files are sent: the only paths that take a body larger than the rest."""
UNLOGGED = ("/v1/opinions", "/v1/receipts", "/v1/challenges", "/v1/visit-confirmations", "/v1/contact-cards")
"""Where those without an account go: a log line would keep the moment they spoke."""

LOGGED = "massline.logged"
"""Stands in a scope whose request has its log line; a layer that hands on a scope of its own brings it back to its caller's."""


def is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]) is not None


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes that a body may have: `whole` everywhere, and with a file of `file` bytes where files are sent."""

    whole: int = MAX_BODY_BYTES
    file: int = 0

    def of(self, scope: Scope) -> int:
        return max(self.whole, self.file + FORM_BYTES) if is_upload(scope) else self.whole


class UploadTurns(NamedTuple):
    """Files that one process has in memory at a time, and seconds for which the others wait to be read.

    As it stands for a service: fewer than its database connections, because an upload may hold one while its file is converted,
    and less patient than a gateway waiting for the answer.
    """

    at_once: int = 4
    patience: float = 10.0


OF_A_SERVICE = UploadTurns()


class FieldProblem(BaseModel):
    field: str = Field(description="Where in the request, for example `body.title`.")
    message: str


class Problem(BaseModel):
    """RFC 9457. `type` is stable: `urn:massline:problem:<slug>`."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldProblem]


def problem_body(
    status: int, slug: str, detail: str, errors: Sequence[dict[str, str]] = (), more: Mapping[str, Any] = NOTHING_MORE
) -> bytes:
    trace = current_trace()
    return msgspec.json.encode(
        {
            "type": f"urn:massline:problem:{slug}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "request_id": trace.request_id if trace else "",
            "errors": errors,
            **more,
        }
    )


def problem(
    status: int,
    slug: str,
    detail: str,
    *,
    errors: Sequence[dict[str, str]] = (),
    headers: dict[str, str] | None = None,
    more: Mapping[str, Any] = NOTHING_MORE,
) -> Response:
    extra = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        extra.setdefault("Retry-After", "1")
    return Response(problem_body(status, slug, detail, errors, more), status, extra, PROBLEM_JSON)


def domain_problem(error: DomainError) -> Response:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return problem(STATUS[type(error)], error.slug, error.detail, headers=headers, more=error.more)


def _printable(value: object) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode()[:200]


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return domain_problem(error)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return domain_problem(misfit(error.errors()))


def misfit(errors: Sequence[Mapping[str, Any]], *within: str) -> Invalid:
    """What pydantic found wrong, `within` a part of the request: field and rule, never the value, which may be a resident's
    words."""
    fields = [
        {"field": ".".join(_printable(part) for part in (*within, *found["loc"])), "message": _printable(found["msg"])}
        for found in errors[:50]
    ]
    return Invalid("invalid-request", "The request does not fit its schema: see `errors`.", more={"errors": fields})


def describe(error: DomainError) -> Problem:
    """What it would be answered with, for an answer that has other parts."""
    return Problem.model_validate_json(bytes(domain_problem(error).body))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    slugs = {404: "no-such-route", 405: "method-not-allowed", 413: "body-too-large", 400: "malformed-body"}
    details = {
        404: "There is nothing at this path. See /docs.",
        405: "This path does not take this method. See /docs.",
        413: "The body is larger than this server takes.",
        400: "The body is not well-formed JSON in UTF-8.",
    }
    status = error.status_code
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    detail = details.get(status, str(error.detail))
    return problem(status, slugs.get(status, f"http-{status}"), detail, headers=headers)


Responses = dict[int | str, dict[str, Any]]
PROBLEM_RESPONSES: Responses = {
    "4XX": {
        "description": "What is wrong, and what to do about it",
        "model": Problem,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


class ProblemRoute(APIRoute):
    """Says in the OpenAPI document how it may refuse."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, responses: Responses | None = None, **options: Any) -> None:
        super().__init__(path, endpoint, responses={**PROBLEM_RESPONSES, **(responses or {})}, **options)


def take_routes(api: FastAPI, router: APIRouter) -> None:
    """As they are. `include_router` would build each anew for this application, and find the route twice for every request."""
    api.router.routes.extend(router.routes)


class EdgeRoute(ProblemRoute):
    """Opens the unit of work before the dependencies run, and commits it after the answer is made and before it is sent.

    Whatever raises on the way rolls everything back, so a 2xx always means committed. With an Idempotency-Key the answer is
    kept in the same transaction. A query parameter that the route does not know is refused, after who asks and the rest of the
    request were found in order: a filter with a slip in its name would let everything through.
    """

    idempotent: ClassVar[bool] = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        known = frozenset(_query_names(self.dependant))
        allowed, refused = super().get_route_handler(), self._refusing_handler(known)

        async def edge(request: Request) -> Response:
            handle = allowed
            if request.scope["query_string"] and not known.issuperset(request.query_params):
                handle = refused
            works: Works = request.app.state.works
            async with works.open() as (uow, commit):
                request.state.uow = uow
                key = _key_of(request) if request.method == "POST" and self.idempotent else None
                response = await (handle(request) if key is None else _once(request, uow, key, handle))
                if request.method != "GET":
                    await commit()
            return response

        return edge

    def _refusing_handler(self, known: frozenset[str]) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The same route with the same dependencies, but in place of its endpoint one that refuses."""

        async def refuse(request: Request, **_: Any) -> None:
            raise RequestValidationError([_unknown_parameter(name, known) for name in request.query_params if name not in known])

        twin = copy(self)
        twin.dependant = replace(self.dependant, call=refuse, request_param_name="request")
        return APIRoute.get_route_handler(twin)


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The query parameters of a route, its dependencies' among them."""
    for field in dependant.query_params:
        yield field.alias
    for needed in dependant.dependencies:
        yield from _query_names(needed)


def _unknown_parameter(name: str, known: frozenset[str]) -> dict[str, Any]:
    message = f"is no parameter of this path; known are: {', '.join(sorted(known))}" if known else "this path takes no parameters"
    return {"type": "unknown_parameter", "loc": ("query", name), "msg": message}


class QueryRoute(EdgeRoute):
    """A POST that changes nothing, because what it asks with must not stand in a URL; its answers are not kept."""

    idempotent = False


def _key_of(request: Request) -> str | None:
    """Raises `Invalid` when there are several: each caller would mean another one of them."""
    keys = request.headers.getlist(idempotency.HEADER)
    if len(keys) > 1:
        raise Invalid("idempotency-key-malformed", "Send one Idempotency-Key header: there are several.")
    return keys[0] if keys else None


async def _once(request: Request, uow: UnitOfWork, key: str, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    seal = await request_seal(request, key)
    kept = await idempotency.begin(uow.session, seal)
    if kept is not None:
        return replayed(*kept)
    response = await handle(request)
    if response.status_code < 400:
        await idempotency.keep(uow.session, seal, status=response.status_code, answer=bytes(response.body), now=uow.now())
    return response


async def request_seal(request: Request, key: str) -> idempotency.Seal:
    return idempotency.make_seal(
        request.app.state.settings.pepper.get_secret_value(),
        key=key,
        caller=get_principal(request),
        method=request.method,
        path=request.url.path,
        body=_without_boundary(await request.body(), request.headers.get("content-type", "")),
    )


def _without_boundary(body: bytes, content_type: str) -> bytes:
    """A client draws a new boundary for each try of the same form: it is no part of what is sent."""
    form, _, boundary = content_type.partition("boundary=")
    if not form.lower().startswith("multipart/form-data") or not boundary.strip('"'):
        return body
    return body.replace(boundary.split(";")[0].strip('" ').encode("latin-1"), b"")


def replayed(status: int, answer: bytes) -> Response:
    headers = {idempotency.REPLAYED_HEADER: "true"}
    return Response(answer, status, headers, "application/json")


async def _get_uow(request: Request) -> UnitOfWork:
    uow: UnitOfWork = request.state.uow
    return uow


Uow = Annotated[UnitOfWork, Depends(_get_uow)]


IfMatch = Annotated[
    str, Header(alias="If-Match", pattern=r'^"[0-9]{1,18}"$', description="The `ETag` that it had when you read it.")
]


async def _get_version(if_match: IfMatch) -> int:
    return int(if_match.strip('"'))


Version = Annotated[int, Depends(_get_version)]
"""The version that a change is made to, from a required `If-Match`: see `shared.errors.check_version`."""


def tag_version(response: Response, version: int) -> None:
    """Answer with the `ETag` that a change must bring back."""
    response.headers["ETag"] = f'"{version}"'


class Edge:
    """The layer around everything: trace and request id, body cap, metrics, one log line per change, a 500 that tells nothing.

    Uploads are let in by `turns`; of one that waits nothing is read.

    It must lie inside Starlette's own outermost layer, which would answer a failure in plain text before this one sees it:
    `api.add_middleware(Edge, service=...)`.
    """

    def __init__(self, app: ASGIApp, service: str, limits: BodyLimits = BodyLimits(), turns: UploadTurns = OF_A_SERVICE) -> None:
        self.app = app
        self.service = service
        self.limits = limits
        self._patience = turns.patience
        self._turns = asyncio.Semaphore(turns.at_once)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        trace = start_trace(
            headers.get(b"traceparent", b"").decode("latin-1"), headers.get(b"x-request-id", b"").decode("latin-1")
        )
        hear_language(headers.get(b"accept-language", b"").decode("latin-1"))
        status = 0

        async def send_traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                kept = [pair for pair in message.get("headers", ()) if pair[0] != b"x-request-id"]
                message["headers"] = [*kept, (b"x-request-id", trace.request_id.encode())]
            await send(message)

        started = time.perf_counter()
        try:
            if is_upload(scope):
                await self._take_upload(scope, receive, send_traced)
            else:
                await self.app(scope, capped(receive, self.limits.whole), send_traced)
        except ClientDisconnect:
            log.debug("the client went away")
        except Exception as error:
            if status:
                raise
            await self._failed(error)(scope, receive, send_traced)
        finally:
            self._observe(scope, status, time.perf_counter() - started)

    async def _take_upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            await problem(503, "uploads-busy", "Too many files are coming in just now: send it again.")(scope, receive, send)
            return
        try:
            await self.app(scope, capped(receive, self.limits.of(scope)), send)
        finally:
            self._turns.release()

    def _failed(self, error: Exception) -> Response:
        if is_outage(error):
            log.warning("database away", error=type(error).__name__)
            return problem(503, "database-unavailable", "A part of the service is away for the moment: try again.")
        log.exception("request failed")
        return problem(500, "internal-error", "The server failed. Tell its operator the request id.")

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        counted, timed = self._figures(method, route, status)
        counted.inc()
        timed.observe(seconds)
        if method != "GET" and not route.startswith(UNLOGGED) and route != "unmatched" and not scope.get(LOGGED):
            scope[LOGGED] = True
            log.info("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))

    def _figures(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Remembered, because looking a labelled figure up costs as much as counting with it."""
        found = self._children.get((method, route, status))
        if found is None:
            found = REQUESTS.labels(self.service, method, route, status), LATENCY.labels(self.service, method, route)
            self._children[method, route, status] = found
        return found


def capped(receive: Receive, limit: int) -> Receive:
    """`receive`, raising a 413 as soon as more than `limit` bytes have come, whatever the request said about its length."""
    taken = 0

    async def receive_capped() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413)
        return message

    return receive_capped


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def install_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
