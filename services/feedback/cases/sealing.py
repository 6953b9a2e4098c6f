"""Words of protected cases as they are kept: sealed, so that a copy of the database tells nobody what was said.

Everything that a person writes in such a case goes through here, whoever wrote it: an answer repeats what was asked.
"""

from typing import TypeVar
from uuid import UUID

import structlog

from services.feedback.cases.models import Case
from services.feedback.cases.rules import Protection
from shared.keyring import Unreadable
from shared.uow import UnitOfWork

log = structlog.get_logger(__name__)

LOST = "⟨sealed with a key that is not here⟩"
Words = TypeVar("Words", str, str | None)


def seal(uow: UnitOfWork, case: Case, words: Words) -> Words:
    """As they are to be kept in a row of this case."""
    if words is None or case.protection is Protection.named:
        return words
    case.sealed_with = uow.keyring.current
    return uow.keyring.seal(case.id, words)


def unseal(uow: UnitOfWork, case_id: UUID, kept: Words) -> Words:
    """As they were written; `LOST` where their key is."""
    if kept is None:
        return kept
    try:
        return uow.keyring.open(case_id, kept)
    except Unreadable as error:
        log.error("sealed words cannot be opened", key_id=str(error))
        return LOST
