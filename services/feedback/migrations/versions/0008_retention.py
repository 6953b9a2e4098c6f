"""Cases end: when their words were erased, and what keeps them from it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PROTECTED = "(protection <> 'named')"
SEALABLE, SEAL = f"{PROTECTED} AND erased_at IS NULL", "coalesce(sealed_with, '')"
ENDED = "state IN ('closed_unconfirmed', 'confirmed_resolved', 'rejected', 'withdrawn') AND erased_at IS NULL"
ACTS = "'cases_exported', 'identity_requested', 'identity_approved', 'identity_rejected', 'identity_opened'"


def upgrade() -> None:
    op.add_column("cases", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("cases_by_seal", "cases", [sa.text(SEAL)], postgresql_where=SEALABLE)
    op.create_index("cases_by_end", "cases", ["channel", sa.text(PROTECTED), "updated_at", "id"], postgresql_where=ENDED)
    op.create_table(
        "legal_holds",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("motive", sa.String(), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=True),
        sa.CheckConstraint("lift_reason IS NULL OR lifted_at IS NOT NULL", name="legal_holds_lifted_whole"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_index("legal_holds_standing", "legal_holds", ["case_id"], unique=True, postgresql_where="lifted_at IS NULL")
    _allow_acts(f"{ACTS}, 'case_held', 'hold_lifted', 'retaliation_read'")


def downgrade() -> None:
    _allow_acts(ACTS)
    op.drop_table("legal_holds")
    op.drop_index("cases_by_end", table_name="cases", postgresql_where=ENDED)
    op.drop_index("cases_by_seal", table_name="cases", postgresql_where=SEALABLE)
    op.drop_column("cases", "erased_at")


def _allow_acts(acts: str) -> None:
    op.drop_constraint("audit_entries_act", "audit_entries", type_="check")
    op.create_check_constraint("audit_entries_act", "audit_entries", f"act IN ({acts})")
