"""Retention as a practice policy, and as every service knows it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PRACTICES = "'visit_rhythm', 'inspection_rhythm', 'grade_terms'"


def upgrade() -> None:
    op.create_table(
        "known_retention_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _allow(f"{PRACTICES}, 'retention'")


def downgrade() -> None:
    op.execute("DELETE FROM practice_policies WHERE practice = 'retention'")
    _allow(PRACTICES)
    op.drop_table("known_retention_policies")


def _allow(practices: str) -> None:
    op.drop_constraint("practice_policies_practice_known", "practice_policies", type_="check")
    op.create_check_constraint("practice_policies_practice_known", "practice_policies", f"practice IN ({practices})")
