"""The audit log, which nobody changes; the vault of speakers' identities, and who asked to open them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ACTS = "'cases_exported', 'identity_requested', 'identity_approved', 'identity_rejected', 'identity_opened'"
REFUSE = """
CREATE FUNCTION refuse_to_change_the_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END
$$
"""
TRIGGER = """
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit_log()
"""


def upgrade() -> None:
    _create_audit_log()
    op.create_table(
        "identities",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("has_contact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("identities_by_key", "identities", ["key_id"])
    op.create_table(
        "identity_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("by_account", sa.Uuid(), nullable=False),
        sa.Column("motive", sa.String(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("decided_by_role", sa.String(), nullable=True),
        sa.Column("decided_by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("hours BETWEEN 1 AND 72", name="identity_requests_hours"),
        sa.CheckConstraint("(approved IS NULL) = (decided_at IS NULL)", name="identity_requests_decided_whole"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, column in (("case", "case_id"), ("unit", "unit_id"), ("account", "by_account")):
        op.create_index(f"identity_requests_by_{name}", "identity_requests", [column, "id"])
    op.create_table(
        "identity_openings",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["identity_requests.id"]),
        sa.PrimaryKeyConstraint("request_id", "number"),
    )


def _create_audit_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("by_account", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(f"act IN ({ACTS})", name="audit_entries_act"),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("audit_entries_by_unit", "audit_entries", ["by_unit_id", "number"])
    op.create_index("audit_entries_by_case", "audit_entries", ["case_id", "number"], postgresql_where="case_id IS NOT NULL")
    op.execute(REFUSE)
    op.execute(TRIGGER)


def downgrade() -> None:
    for table in ("identity_openings", "identity_requests", "identities", "audit_entries"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_to_change_the_audit_log")
