"""Table of templates: texts that a unit answers with again and again."""

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from services.feedback.conversations.rules import MessageKind
from services.feedback.tables import FeedbackTable, text_of
from shared.languages import Language
from shared.types import enum_check


class Template(FeedbackTable, table=True):
    """`unit_id` owns it; the units below use it too. `version` counts its changes."""

    __tablename__ = "templates"
    __table_args__ = (
        CheckConstraint(enum_check("language", Language), name="templates_language"),
        CheckConstraint(enum_check("kind", MessageKind), name="templates_kind"),
        UniqueConstraint("unit_id", "code", "language"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    code: str
    language: Language = Field(sa_type=text_of(Language))
    kind: MessageKind = Field(sa_type=text_of(MessageKind))
    title: str
    text: str
    version: int = Field(default=1)
