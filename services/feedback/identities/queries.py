"""Taking an identity out of the vault: for whoever has seen to it that the caller may."""

from uuid import UUID

import structlog

from services.feedback.identities.rules import Identity, read_identity
from shared.keyring import Unreadable
from shared.uow import UnitOfWork

log = structlog.get_logger(__name__)


def open_identity(uow: UnitOfWork, case_id: UUID, key_id: str, sealed: bytes) -> Identity | None:
    """None where its key is lost."""
    try:
        return read_identity(uow.keyring.open_bytes(case_id, key_id, sealed))
    except Unreadable:
        log.error("a sealed identity cannot be opened", key_id=key_id)
        return None
