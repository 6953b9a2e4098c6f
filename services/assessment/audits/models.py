"""The tables of audits: which units and which of their evidence were drawn, who checks it, and what was found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.assessment.audits.rules import Finding, Ground, Kind
from services.assessment.grades.rules import SettledAs
from services.assessment.tables import AssessmentTable
from shared.types import enum_check

MOMENT = DateTime(timezone=True)
DRAWING = "NOT drawn"
UNCHECKED = "finding IS NULL"


class EvidenceAudit(AssessmentTable, table=True):
    """Of the grades of a campaign in `unit_id` and all below it (None: everywhere). `units` and `size` are what was asked for: so
    many units, and so many pieces of evidence of each. `seed` is kept before anything is drawn by it; `chosen`: the units are
    drawn, `drawn`: their evidence is too."""

    __tablename__ = "audits"
    __table_args__ = (
        Index("ix_audits_campaign_id_id", "campaign_id", "id"),
        Index("audits_drawing", "id", postgresql_where=text(DRAWING)),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    unit_id: UUID | None = Field(foreign_key="units.id", index=True)
    units: int
    size: int
    seed: UUID
    asked_by: UUID
    asked_at: datetime = Field(sa_type=MOMENT)
    due_at: datetime = Field(sa_type=MOMENT)
    chosen: bool = False
    drawn: bool = False


class AuditedUnit(AssessmentTable, table=True):
    """A unit is drawn once in a campaign: nobody draws until they like what they drew. `place` is its place in the drawing, from
    1; `population`, of how many pieces of evidence its own were drawn, None before that."""

    __tablename__ = "audited_units"
    __table_args__ = (
        UniqueConstraint("campaign_id", "unit_id", name="audited_units_once"),
        CheckConstraint(f"settled_as IS NULL OR {enum_check('settled_as', SettledAs)}", name="audited_units_settled_as"),
        CheckConstraint("num_nonnulls(auditor_id, taken_at) IN (0, 2)", name="audited_units_taken_whole"),
        CheckConstraint("num_nonnulls(settled_as, settled_by, settled_at) IN (0, 3)", name="audited_units_settled_whole"),
    )

    audit_id: UUID = Field(primary_key=True, foreign_key="audits.id")
    unit_id: UUID = Field(primary_key=True, foreign_key="units.id", index=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    grade_id: UUID = Field(foreign_key="grades.id", index=True)
    place: int
    population: int | None = None
    auditor_id: UUID | None = None
    auditor_unit_id: UUID | None = None
    taken_at: datetime | None = Field(default=None, sa_type=MOMENT)
    settled_as: str | None = Field(default=None, sa_type=Text)
    settled_by: UUID | None = None
    settled_at: datetime | None = Field(default=None, sa_type=MOMENT)
    new_grade_id: UUID | None = Field(default=None, foreign_key="grades.id", index=True)


class AuditedItem(AssessmentTable, table=True):
    """A case or a visit that counted. `note` is for those who audit."""

    __tablename__ = "audited_items"
    __table_args__ = (
        ForeignKeyConstraint(["audit_id", "unit_id"], ["audited_units.audit_id", "audited_units.unit_id"]),
        CheckConstraint(enum_check("kind", Kind), name="audited_items_kind"),
        CheckConstraint(f"finding IS NULL OR {enum_check('finding', Finding)}", name="audited_items_finding"),
        CheckConstraint(f"ground IS NULL OR {enum_check('ground', Ground)}", name="audited_items_ground"),
        CheckConstraint("num_nonnulls(finding, ground, note, found_at) IN (0, 4)", name="audited_items_found_whole"),
        Index("audited_items_unchecked", "audit_id", postgresql_where=text(UNCHECKED)),
    )

    audit_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True)
    evidence_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    place: int
    finding: str | None = Field(default=None, sa_type=Text)
    ground: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    found_at: datetime | None = Field(default=None, sa_type=MOMENT)
