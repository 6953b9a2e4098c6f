"""What a user name is, who needs a unit, and how long a guesser has to wait."""

import re
from enum import StrEnum
from unicodedata import normalize
from uuid import UUID

from shared.errors import Invalid

USERNAME = re.compile(r"[^\W_][\w.@+-]{2,63}")
LONGEST_TYPED = 256

FREE_FAILURES = 5
LONGEST_PAUSE = 60


class AccountRole(StrEnum):
    """The roles that an account can have: all but the anonymous one."""

    resident = "resident"
    official = "official"
    lead = "lead"
    inspector = "inspector"
    admin = "admin"


UNIT_NEEDED = frozenset({AccountRole.official, AccountRole.lead})
UNTOLD = frozenset({AccountRole.resident})
"""Accounts that no other service hears of."""


def fold_username(typed: str) -> str | None:
    """The form in which a user name is kept and compared; None when it is none.

    3 to 64 letters (of any script), digits and `. _ @ + -`, a letter or digit first. Capitals and wide forms are folded.
    """
    if len(typed) > LONGEST_TYPED:
        return None
    folded = normalize("NFKC", normalize("NFKC", typed.strip()).casefold())
    return folded if USERNAME.fullmatch(folded) else None


def check_unit(role: AccountRole, unit_id: UUID | None) -> None:
    """Raises `Invalid` when the role acts for a unit and none is named."""
    if role in UNIT_NEEDED and unit_id is None:
        raise Invalid("unit-required", f"An account of role {role} acts for a unit: give its unit_id.")


def pause_after(failures: int) -> int:
    """Seconds to wait before the next guess. Short at most, so that nobody can be locked out for long by a stranger."""
    if failures < FREE_FAILURES:
        return 0
    return min(1 << min(failures - FREE_FAILURES, 10), LONGEST_PAUSE)
