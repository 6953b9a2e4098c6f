"""Access tokens: who a bearer is, remembered so that a busy caller costs one verification."""

from uuid import UUID

from services.gateway.access.models import Account
from shared.auth import Principal, Role, Tokens
from shared.clock import Clock
from shared.errors import Unauthenticated

ISSUER = "massline"
AUDIENCE = "massline-api"
REMEMBERED = 10_000


class AccessTokens:
    """Issues and reads the tokens that callers show. `lifetime` in seconds."""

    def __init__(self, secret: str, *, lifetime: int, clock: Clock) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._tokens = Tokens(secret, issuer=ISSUER, audience=AUDIENCE, clock=self._now)
        self._known: dict[str, tuple[Principal, float]] = {}

    def issue(self, account: Account) -> str:
        unit = str(account.unit_id) if account.unit_id else None
        return self._tokens.sign({"sub": str(account.id), "role": account.role, "unit": unit}, lifetime=self.lifetime)

    def read(self, token: str) -> Principal:
        """Raises `Unauthenticated`."""
        known = self._known.get(token)
        if known is None or known[1] <= self._now():
            known = self._verify(token)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[token] = known
        return known[0]

    def _now(self) -> float:
        return self._clock().timestamp()

    def _verify(self, token: str) -> tuple[Principal, float]:
        claims = self._tokens.verify(token)
        try:
            unit = UUID(claims["unit"]) if claims["unit"] else None
            return Principal(Role(claims["role"]), UUID(claims["sub"]), unit), float(claims["exp"])
        except (KeyError, ValueError):
            raise Unauthenticated("invalid-token", "The token is of an older kind: get a new one.") from None
