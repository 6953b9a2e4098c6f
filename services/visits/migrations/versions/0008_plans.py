"""Plans with exceptions, a window before, a state and a version; visits that know when they occur by their plan."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ON_CALENDAR = sa.text("(state <> 'cancelled' OR recorded_at IS NOT NULL)")
UNRECORDED = sa.text("state IN ('planned', 'ready')")
DATES = sa.ARRAY(sa.DateTime(timezone=True))
FILLED = (
    ("except_dates", DATES, "{}"),
    ("extra_dates", DATES, "{}"),
    ("window_days_before", sa.Integer(), "0"),
    ("version", sa.Integer(), "1"),
)
TEXTS, MOMENTS = ("end_reason",), ("suspended_at", "suspended_until")


def upgrade() -> None:
    for name, kind, so_far in FILLED:
        op.add_column("visit_plans", sa.Column(name, kind, server_default=so_far, nullable=False))
        op.alter_column("visit_plans", name, server_default=None)
    for name in TEXTS:
        op.add_column("visit_plans", sa.Column(name, sa.String(), nullable=True))
    for name in MOMENTS:
        op.add_column("visit_plans", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("visits", sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE visits SET scheduled_at = window_starts_at")
    op.alter_column("visits", "scheduled_at", nullable=False)
    op.drop_index("visits_plan_start", table_name="visits")
    op.create_index("visits_plan_start", "visits", ["plan_id", "scheduled_at"], unique=True, postgresql_where=ON_CALENDAR)
    op.create_index("visits_owed_by", "visits", ["assignee_id", "scheduled_at"], postgresql_where=UNRECORDED)


def downgrade() -> None:
    op.drop_index("visits_owed_by", table_name="visits")
    op.drop_index("visits_plan_start", table_name="visits")
    op.create_index("visits_plan_start", "visits", ["plan_id", "window_starts_at"], unique=True, postgresql_where=ON_CALENDAR)
    op.drop_column("visits", "scheduled_at")
    for name in (*MOMENTS, *TEXTS, *(name for name, _, _ in FILLED)):
        op.drop_column("visit_plans", name)
