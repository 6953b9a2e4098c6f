"""Words of protected cases as they are kept: sealed, so that a copy of the database tells nobody what was said.

Everything that a person writes in such a case goes through here, whoever wrote it: an answer repeats what was asked.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog

from services.feedback.cases.models import Case
from services.feedback.cases.rules import Protection
from services.feedback.errors import case_erased
from shared.keyring import Keyring, Unreadable
from shared.uow import UnitOfWork

log = structlog.get_logger(__name__)

LINES = ("title", "body", "place", "outcome")
"""The columns of a case that people write in, and beside them its attributes, which are sealed as JSON."""
LOST = "⟨sealed with a key that is not here⟩"
WITHHELD = "⟨withheld from administrators⟩"
SEVERAL = ""
"""In place of a key: words of the case are sealed with different ones."""
Words = TypeVar("Words", str, str | None)


def seal(uow: UnitOfWork, case: Case, words: Words) -> Words:
    """As they are to be kept in a row of this case, which is locked. Raises `Conflict` (case-erased)."""
    if words is None:
        return words
    if case.erased_at is not None:
        raise case_erased(case.erased_at)
    if case.protection is Protection.named:
        return words
    note_seal(uow, case)
    return uow.keyring.seal(case.id, words)


def note_seal(uow: UnitOfWork, case: Case) -> None:
    """Something more of this case, which is locked, is sealed with the current key."""
    if case.sealed_with not in (None, uow.keyring.current):
        case.sealed_with = SEVERAL


def seal_row(keyring: Keyring, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a case that is about to be written, as it is to be kept."""
    if row["protection"] == Protection.named:
        return {**row, "sealed_with": None}
    sealed = {name: keyring.seal(row["id"], row[name]) for name in LINES if row.get(name) is not None}
    if row.get("attributes"):
        sealed["attributes"] = keyring.seal(row["id"], write_attributes(row["attributes"]))
    return {**row, **sealed, "sealed_with": keyring.current}


def write_attributes(attributes: Mapping[str, Any]) -> str:
    """As they are sealed."""
    return msgspec.json.encode(attributes).decode()


def unseal(uow: UnitOfWork, case_id: UUID, kept: Words, *, withheld: bool = False) -> Words:
    """As they were written; `LOST` where their key is, `WITHHELD` from those who may know of the case but not what it says."""
    if kept is None:
        return kept
    if withheld:
        return WITHHELD
    try:
        return uow.keyring.open(case_id, kept)
    except Unreadable as error:
        log.error("sealed words cannot be opened", key_id=str(error))
        return LOST


def unseal_row(uow: UnitOfWork, case_id: UUID, row: Mapping[str, Any], *, withheld: bool = False) -> dict[str, Any]:
    """The columns of a case, those that `row` has, with their words as they were written."""
    words = {name: unseal(uow, case_id, row[name], withheld=withheld) for name in LINES if name in row}
    attributes = row.get("attributes")
    if attributes and withheld:
        return {**row, **words, "attributes": None}
    if isinstance(attributes, str):
        opened = unseal(uow, case_id, attributes)
        return {**row, **words, "attributes": None if opened == LOST else msgspec.json.decode(opened)}
    return {**row, **words}
