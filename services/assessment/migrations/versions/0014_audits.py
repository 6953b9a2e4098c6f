"""Audits of the evidence behind grades; decisions that others made, whose account is not known here."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
GROUNDS = (
    "'as_recorded', 'not_found', 'recorded_otherwise', 'not_of_this_unit', 'counted_twice', 'erased', 'no_access', "
    "'nobody_reached'"
)


def upgrade() -> None:
    op.add_column("grades", sa.Column("audit", postgresql.JSONB(none_as_null=True), nullable=True))
    op.create_table(
        "audits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audits_drawing", "audits", ["id"], postgresql_where=sa.text("NOT drawn"))
    op.create_index("ix_audits_campaign_id_id", "audits", ["campaign_id", "id"])
    op.create_index("ix_audits_unit_id", "audits", ["unit_id"])
    op.create_table(
        "audited_units",
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("grade_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("auditor_id", sa.Uuid(), nullable=True),
        sa.Column("auditor_unit_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("settled_as", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("new_grade_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("settled_as IS NULL OR settled_as IN ('counted_anew', 'explained')", name="audited_units_settled_as"),
        sa.CheckConstraint("num_nonnulls(auditor_id, taken_at) IN (0, 2)", name="audited_units_taken_whole"),
        sa.CheckConstraint("num_nonnulls(settled_as, settled_by, settled_at) IN (0, 3)", name="audited_units_settled_whole"),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"]),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["grade_id"], ["grades.id"]),
        sa.ForeignKeyConstraint(["new_grade_id"], ["grades.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("audit_id", "unit_id"),
        sa.UniqueConstraint("campaign_id", "unit_id", name="audited_units_once"),
    )
    for column in ("grade_id", "new_grade_id", "unit_id"):
        op.create_index(f"ix_audited_units_{column}", "audited_units", [column])
    op.create_table(
        "audited_items",
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("found_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('case', 'visit')", name="audited_items_kind"),
        sa.CheckConstraint(
            "finding IS NULL OR finding IN ('upheld', 'not_supported', 'cannot_be_checked')", name="audited_items_finding"
        ),
        sa.CheckConstraint(f"ground IS NULL OR ground IN ({GROUNDS})", name="audited_items_ground"),
        sa.CheckConstraint("num_nonnulls(finding, ground, note, found_at) IN (0, 4)", name="audited_items_found_whole"),
        sa.ForeignKeyConstraint(["audit_id", "unit_id"], ["audited_units.audit_id", "audited_units.unit_id"]),
        sa.PrimaryKeyConstraint("audit_id", "unit_id", "evidence_id"),
    )
    op.create_index("audited_items_unchecked", "audited_items", ["audit_id"], postgresql_where=sa.text("finding IS NULL"))
    op.drop_constraint("decisions_actor_whole", "decisions", type_="check")
    op.create_check_constraint("decisions_actor_whole", "decisions", "actor_id IS NULL OR actor_role IS NOT NULL")


def downgrade() -> None:
    op.drop_constraint("decisions_actor_whole", "decisions", type_="check")
    op.create_check_constraint(
        "decisions_actor_whole", "decisions", "(actor_id IS NULL) = (actor_role IS NULL)", postgresql_not_valid=True
    )
    op.drop_table("audited_items")
    op.drop_table("audited_units")
    op.drop_table("audits")
    op.drop_column("grades", "audit")
