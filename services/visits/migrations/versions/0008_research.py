"""Consultations as needs."""

from alembic import op

revision = "0008"
down_revision = "0002"
branch_labels = None
depends_on = None

NEEDS = "'case', 'topic', 'finding'"


def upgrade() -> None:
    _allow_needs(f"{NEEDS}, 'consultation'")


def downgrade() -> None:
    _allow_needs(NEEDS)


def _allow_needs(kinds: str) -> None:
    op.drop_constraint("visit_plans_need_kind", "visit_plans", type_="check")
    op.create_check_constraint("visit_plans_need_kind", "visit_plans", f"need_kind IN ({kinds})")
