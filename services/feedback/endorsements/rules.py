"""Who endorses what, so that nobody can tell, and what of a case others are shown. Pure."""

import hmac
from uuid import UUID

from services.feedback.cases.rules import State

WITH_OUTCOME = frozenset({State.answered, State.confirmed_resolved, State.closed_unconfirmed})
"""Where the unit's outcome stands: before, it is not there, and after a reopening it is in doubt."""


def pseudonym(pepper: bytes, case_id: UUID, account_id: UUID) -> bytes:
    """The same account on the same case again, and nothing else, to whoever does not hold the pepper: on another case it has
    another one. Whoever holds the pepper and the table can ask of an account whether it endorsed a case."""
    return hmac.digest(pepper, b"endorsement " + case_id.bytes + account_id.bytes, "sha256")
