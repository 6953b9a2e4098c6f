"""Who is asking. The gateway resolves the caller and vouches for it with a signed internal credential; a service believes
that signature and nothing else that a request says about its sender."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from shared.errors import Forbidden, Unauthenticated

CREDENTIAL_HEADER = "massline-credential"
ISSUER = "massline-gateway"
AUDIENCE = "massline-services"
LIFETIME = 120
RENEW_BEFORE = 60
REMEMBERED = 10_000
ALGORITHM = "HS256"
SCHEME = "bearer"


class Role(StrEnum):
    anonymous = "anonymous"
    resident = "resident"
    official = "official"
    lead = "lead"
    inspector = "inspector"
    admin = "admin"


STAFF = frozenset({Role.official, Role.lead, Role.admin})


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: role, account and the unit it belongs to. An anonymous caller has neither account nor unit."""

    role: Role
    account_id: UUID | None = None
    unit_id: UUID | None = None

    @property
    def account(self) -> UUID:
        """The account of a caller that must have one. Raises `Unauthenticated`."""
        if self.account_id is None:
            raise Unauthenticated("authentication-required", "Sign in first: POST /v1/auth/token.")
        return self.account_id


ANONYMOUS = Principal(Role.anonymous)


class Tokens:
    """Signs and verifies the JWTs of one issuer and audience.

    `joserfc` decodes an expired token without a word, so every registered claim is checked here, and all are required.
    """

    def __init__(self, secret: str, *, issuer: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._key = OctKey.import_key(secret.encode())
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def sign(self, claims: dict[str, Any], *, lifetime: int) -> str:
        """`claims` must hold `sub`. `lifetime` in seconds."""
        now = int(self._clock())
        registered = {"iss": self._issuer, "aud": self._audience, "iat": now, "exp": now + lifetime}
        return jwt.encode({"alg": ALGORITHM}, {**claims, **registered}, self._key)

    def verify(self, token: str) -> dict[str, Any]:
        """The claims. Raises `Unauthenticated` for anything but a valid, unexpired token of this issuer and audience."""
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthenticated("invalid-token", "The token is not valid or has expired: get a new one.") from None
        return claims


class Credentials:
    """The internal credential. Both sides remember what they signed or verified: a busy caller costs a signature a minute."""

    def __init__(self, secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._tokens = Tokens(secret, issuer=ISSUER, audience=AUDIENCE, clock=clock)
        self._clock = clock
        self._issued: dict[Principal, tuple[str, float]] = {}
        self._verified: dict[str, tuple[Principal, float]] = {}

    def issue(self, principal: Principal) -> str:
        token, expires = self._issued.get(principal, ("", 0.0))
        if expires - RENEW_BEFORE < self._clock():
            claims = {
                "sub": str(principal.account_id or Role.anonymous),
                "role": principal.role,
                "unit": str(principal.unit_id) if principal.unit_id else None,
            }
            token = self._tokens.sign(claims, lifetime=LIFETIME)
            _remember(self._issued, principal, (token, self._clock() + LIFETIME))
        return token

    def read(self, token: str) -> Principal:
        """Raises `Unauthenticated`."""
        principal, expires = self._verified.get(token, (ANONYMOUS, 0.0))
        if expires <= self._clock():
            claims = self._tokens.verify(token)
            principal = _principal(claims)
            _remember(self._verified, token, (principal, float(claims["exp"])))
        return principal


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        role = Role(claims["role"])
        return Principal(
            role=role,
            account_id=None if role is Role.anonymous else UUID(claims["sub"]),
            unit_id=UUID(claims["unit"]) if claims.get("unit") else None,
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Unauthenticated("invalid-token", "The token does not say who it is for: get a new one.") from None


def _remember(memory: dict[Any, Any], key: object, value: object) -> None:
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value


def get_principal(request: Request) -> Principal:
    """The caller, from the internal credential alone. Raises `Unauthenticated` when it is missing or not the gateway's."""
    token = request.headers.get(CREDENTIAL_HEADER)
    if not token:
        raise Unauthenticated("credential-required", "Services answer only through the gateway.")
    credentials: Credentials = request.app.state.credentials
    return credentials.read(token)


async def get_caller(request: Request) -> Principal:
    """A coroutine, because FastAPI sends plain functions through its thread pool, which costs more than the look-up."""
    return get_principal(request)


Caller = Annotated[Principal, Depends(get_caller)]
"""Anybody, also an anonymous speaker."""


class Require(SecurityBase):
    """A dependency that lets only these roles in: 401 for the anonymous, 403 for the others. Shown in the OpenAPI document."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles
        self.model = HTTPBearer(description="Who may: " + ", ".join(roles) + ".")
        self.scheme_name = SCHEME

    async def __call__(self, principal: Caller) -> Principal:
        if principal.role is Role.anonymous:
            raise Unauthenticated("authentication-required", "Sign in first: POST /v1/auth/token.")
        if principal.role not in self.roles:
            allowed = ", ".join(self.roles)
            raise Forbidden("role-not-allowed", f"This is for the roles: {allowed}.")
        return principal


Known = Annotated[Principal, Depends(Require(*(role for role in Role if role is not Role.anonymous)))]
"""Anybody with an account."""
Resident = Annotated[Principal, Depends(Require(Role.resident))]
Staff = Annotated[Principal, Depends(Require(Role.official, Role.lead, Role.admin))]
Overseer = Annotated[Principal, Depends(Require(Role.official, Role.lead, Role.inspector, Role.admin))]
Administrator = Annotated[Principal, Depends(Require(Role.admin))]
