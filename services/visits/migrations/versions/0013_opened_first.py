"""Visits that are made ahead stand in fewer indexes: those to miss and to remind of are opened before."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UNRECORDED, OPENED = "state IN ('planned', 'ready')", "state = 'ready'"


def _look_among(state: str) -> None:
    for index in ("visits_to_remind", "visits_to_miss"):
        op.drop_index(index, table_name="visits")
    op.create_index("visits_to_miss", "visits", ["window_ends_at"], postgresql_where=sa.text(state))
    unreminded = sa.text(f"{state} AND reminded_at IS NULL")
    op.create_index("visits_to_remind", "visits", ["remind_at"], postgresql_where=unreminded)


def upgrade() -> None:
    _look_among(OPENED)


def downgrade() -> None:
    _look_among(UNRECORDED)
