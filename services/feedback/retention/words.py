"""Every place in which people write about a case, so that what is done to words is done to all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, true

from services.feedback.cases.models import Case, CaseAppeal, CaseHistory, CaseOwner
from services.feedback.cases.sealing import LINES
from services.feedback.conversations.models import Message
from services.feedback.identity_requests.models import IdentityRequest
from services.feedback.notes.models import Note
from services.feedback.responsibility.models import JointUnit
from services.feedback.retaliation.models import RetaliationReport
from services.feedback.retention.models import LegalHold
from services.feedback.tables import FeedbackTable, metadata

ERASED = "⟨erased⟩"
"""Stands where something must."""


@dataclass(frozen=True, slots=True)
class Words:
    """The columns of a table that are words of the case `case_column`; of rows that are `not_words` they are codes."""

    model: type[FeedbackTable]
    columns: Sequence[str]
    case_column: str = "case_id"
    not_words: tuple[str, str] | None = None

    @property
    def table(self) -> Table:
        return metadata.tables[str(self.model.__tablename__)]

    @property
    def are_words(self) -> ColumnElement[bool]:
        if self.not_words is None:
            return true()
        column, code = self.not_words
        return self.table.c[column] != code


WORDS = (
    Words(Case, (*LINES, "attributes"), "id"),
    Words(Message, ("text",)),
    Words(Note, ("text",)),
    Words(CaseHistory, ("reason",), not_words=("verb", "escalate")),
    Words(CaseAppeal, ("reason", "decision_reason")),
    Words(CaseOwner, ("reason",)),
    Words(JointUnit, ("task", "left_reason")),
    Words(IdentityRequest, ("motive", "reason")),
    Words(RetaliationReport, ("text", "reason")),
    Words(LegalHold, ("motive", "lift_reason")),
)
"""Beside them the vault (`identities`), the speaker's files, and the terms that a case is found by."""
