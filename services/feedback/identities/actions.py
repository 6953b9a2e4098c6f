"""Putting an identity into the vault."""

from typing import Any
from uuid import UUID

from services.feedback.identities.models import SealedIdentity
from services.feedback.identities.rules import Identity, write_identity
from shared.keyring import Keyring
from shared.uow import UnitOfWork


def identity_row(keyring: Keyring, case_id: UUID, identity: Identity) -> dict[str, Any]:
    """The row of a case that is about to be written."""
    return {
        "case_id": case_id,
        "key_id": keyring.current,
        "sealed": keyring.seal_bytes(case_id, write_identity(identity)),
        "has_contact": identity.contact is not None,
    }


async def reseal_identity(uow: UnitOfWork, case_id: UUID) -> None:
    """Seal it with the newest key, where there is one and it is not. Raises `Unreadable` where its own key is lost."""
    kept = await uow.session.get(SealedIdentity, case_id, with_for_update=True)
    if kept is not None and kept.key_id != uow.keyring.current:
        content = uow.keyring.open_bytes(case_id, kept.key_id, kept.sealed)
        kept.key_id, kept.sealed = uow.keyring.current, uow.keyring.seal_bytes(case_id, content)
