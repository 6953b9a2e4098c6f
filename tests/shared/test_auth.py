"""Who is asking: only the gateway's signature counts, and every claim of it is needed."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from shared.auth import ALGORITHM, ANONYMOUS, AUDIENCE, CREDENTIAL_HEADER, ISSUER, LIFETIME, Credentials, Principal, Role, Tokens
from shared.errors import Unauthenticated
from tests.shared.problems import assert_problem
from tests.shared.toy import Toy
from tests.support.callers import principal

SECRET = "a secret of the gateway and its services, long enough"
NOW = 1_800_000_000.0


class Seconds:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def credentials(seconds: Seconds) -> Credentials:
    return Credentials(SECRET, clock=seconds)


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "sub": str(uuid4()),
        "role": "official",
        "unit": str(uuid4()),
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not ...}


def signed(payload: dict[str, Any], secret: str = SECRET, algorithm: str = ALGORITHM) -> str:
    return jwt.encode({"alg": algorithm}, payload, OctKey.import_key(secret.encode()), algorithms=[algorithm])


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, signature])


@pytest.mark.parametrize("role", Role)
def test_what_was_issued_is_read_back(credentials: Credentials, role: Role) -> None:
    caller = ANONYMOUS if role is Role.anonymous else Principal(role, uuid4(), uuid4())
    assert credentials.read(credentials.issue(caller)) == caller


def test_the_well_formed_token_of_these_tests_is_accepted(credentials: Credentials) -> None:
    assert credentials.read(signed(claims())).role is Role.official


REFUSED = {
    "other secret": signed(claims(), secret="another secret that is long enough too, really"),
    "other HMAC": signed(claims(), algorithm="HS512"),
    "alg none": unsigned({"alg": "none"}, claims()),
    "alg none, any signature": unsigned({"alg": "none"}, claims(), "AAAA"),
    "no signature": unsigned({"alg": ALGORITHM}, claims()),
    "signature of another": signed(claims()).rsplit(".", 1)[0] + "." + signed(claims(role="admin")).rsplit(".", 1)[1],
    "expired": signed(claims(exp=int(NOW) - 1)),
    "not yet": signed(claims(nbf=int(NOW) + 1000)),
    "other issuer": signed(claims(iss="massline")),
    "other audience": signed(claims(aud="massline-gateway")),
    "no issuer": signed(claims(iss=...)),
    "no audience": signed(claims(aud=...)),
    "no expiry": signed(claims(exp=...)),
    "no subject": signed(claims(sub=...)),
    "no role": signed(claims(role=...)),
    "unknown role": signed(claims(role="emperor")),
    "role is a list": signed(claims(role=["admin"])),
    "subject is no account": signed(claims(sub="somebody")),
    "unit is no unit": signed(claims(unit="everywhere")),
    "unit is a number": signed(claims(unit=7)),
    "expiry is text": signed(claims(exp="tomorrow")),
    "no JSON": "a.b.c",
    "not a token": "official",
    "empty parts": "..",
    "not ASCII": "\xff.\xff.\xff",
    "a surrogate": "\ud800",
    "long": "a" * 100_000,
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(credentials: Credentials, token: str) -> None:
    with pytest.raises(Unauthenticated):
        credentials.read(token)


def test_a_remembered_token_expires_all_the_same(credentials: Credentials, seconds: Seconds) -> None:
    token = credentials.issue(ANONYMOUS)
    assert credentials.read(token) == ANONYMOUS
    seconds.now += LIFETIME
    with pytest.raises(Unauthenticated):
        credentials.read(token)


def test_a_busy_caller_is_signed_for_once_and_anew_before_it_expires(credentials: Credentials, seconds: Seconds) -> None:
    first = credentials.issue(ANONYMOUS)
    assert credentials.issue(ANONYMOUS) == first
    seconds.now += LIFETIME - 1
    second = credentials.issue(ANONYMOUS)
    assert second != first
    assert credentials.read(second) == ANONYMOUS


def test_tokens_of_another_audience_do_not_cross(seconds: Seconds) -> None:
    access = Tokens(SECRET, issuer="massline-gateway", audience="massline-api", clock=seconds)
    internal = Tokens(SECRET, issuer=ISSUER, audience=AUDIENCE, clock=seconds)
    token = access.sign({"sub": "x"}, lifetime=60)
    assert access.verify(token)["sub"] == "x"
    with pytest.raises(Unauthenticated):
        internal.verify(token)


async def test_headers_that_anybody_can_set_mean_nothing(toy: Toy) -> None:
    forged = unsigned({"alg": "none"}, claims(exp=int(time.time()) + 60, role="admin"))
    for headers in ({}, {"x-role": "admin", "x-account-id": str(uuid4())}, {"authorization": f"Bearer {forged}"}):
        assert_problem(await toy.http.post("/v1/notes", json={"title": "x"}, headers=headers), 401, "credential-required")
    for token in (forged, "admin", f"Bearer {forged}"):
        answer = await toy.http.post("/v1/notes", json={"title": "x"}, headers={CREDENTIAL_HEADER: token})
        assert_problem(answer, 401, "invalid-token")


async def test_roles_are_held_to(toy: Toy) -> None:
    body = {"title": "x"}
    assert_problem(await toy.post("/v1/notes/administered", json=body), 401, "authentication-required")
    for role in (Role.resident, Role.official, Role.lead, Role.inspector):
        refused = await toy.post("/v1/notes/administered", json=body, caller=principal(role))
        assert_problem(refused, 403, "role-not-allowed")
    assert (await toy.post("/v1/notes/administered", json=body, caller=principal(Role.admin))).status_code == 201


async def test_a_missing_thing_looks_alike_to_everybody_who_may_ask(toy: Toy) -> None:
    unknown = f"/v1/notes/{uuid4()}"
    answers = [await toy.get(unknown, caller=principal(role)) for role in (Role.resident, Role.admin)]
    for answer in answers:
        assert_problem(answer, 404, "note-not-found")
