"""REST of challenges, and the routes that may ask for a proof."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from services.feedback.cases.rules import Channel
from services.feedback.challenges.rules import LONGEST_PROOF
from services.feedback.challenges.schemas import ChallengeOut, UnprovenProblem
from services.feedback.challenges.turnstile import Turnstile
from shared.auth import Caller, Principal, Role, get_principal
from shared.http import PROBLEM_JSON, EdgeRoute, QueryRoute, Responses
from shared.types import NothingIn

HEADER = "massline-proof-of-work"
NOTHING = NothingIn()
UNPROVEN: Responses = {
    428: {
        "description": "Many call without an account just now: solve the challenge and send the proof",
        "model": UnprovenProblem,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/UnprovenProblem"}}},
    }
}
PROVING: dict[str, Any] = {
    "parameters": [
        {
            "name": "Massline-Proof-Of-Work",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": LONGEST_PROOF},
            "description": "`challenge:nonce`. Only without an account, and only when a 428 or POST /v1/challenges says so.",
        }
    ]
}


async def let_in(request: Request, principal: Principal, channel: Channel | None = None) -> None:
    """Whoever has an account passes. Raises `TooMany`, `Unproven`."""
    if principal.role is Role.anonymous:
        turnstile: Turnstile = request.app.state.turnstile
        await turnstile.let_in(request.headers.get(HEADER), channel)


class GuardedRoute(EdgeRoute):
    """Goes through the turnstile before anything is read or asked of the database."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        responses: Responses | None = None,
        openapi_extra: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        described = {**UNPROVEN, **(responses or {})}
        super().__init__(path, endpoint, responses=described, openapi_extra={**PROVING, **(openapi_extra or {})}, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await let_in(request, get_principal(request))
            return await handle(request)

        return guarded


class GuardedQueryRoute(GuardedRoute):
    """As `QueryRoute` is to `EdgeRoute`."""

    idempotent = False


async def get_turnstile(request: Request) -> Turnstile:
    turnstile: Turnstile = request.app.state.turnstile
    return turnstile


router = APIRouter(prefix="/v1/challenges", route_class=QueryRoute, tags=["opinions"])


@router.post("", status_code=201)
async def make_challenge(
    principal: Caller, turnstile: Annotated[Turnstile, Depends(get_turnstile)], body: NothingIn = NOTHING
) -> ChallengeOut:
    """Something to work on before speaking without an account, for when many do; `required` says whether that is now.

    Find a `nonce` with which the SHA-256 of `challenge:nonce` begins with `difficulty` zero bits, and send both in the header
    `Massline-Proof-Of-Work`. Nothing of you is asked, and nothing is kept.
    """
    return turnstile.challenge()
