"""Visits are made by the million: what other indexes find as well is not kept twice."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNRECORDED = "state IN ('planned', 'ready')"


def upgrade() -> None:
    for index in ("visits_assignee", "visits_owed_by", "visits_state_id", "visits_post", "visits_contact"):
        op.drop_index(index, table_name="visits")
    owed = sa.text(f"post_id IS NOT NULL AND {UNRECORDED}")
    op.create_index("visits_post", "visits", ["post_id"], postgresql_where=owed)
    op.create_index("visits_contact", "visits", ["contact_id"], postgresql_where=sa.text("contact_id IS NOT NULL"))


def downgrade() -> None:
    for index in ("visits_post", "visits_contact"):
        op.drop_index(index, table_name="visits")
    op.create_index("visits_post", "visits", ["post_id"], postgresql_where=sa.text(UNRECORDED))
    op.create_index("visits_contact", "visits", ["contact_id"])
    op.create_index("visits_assignee", "visits", ["assignee_id", "id"])
    op.create_index("visits_state_id", "visits", ["state", "id"])
    op.create_index("visits_owed_by", "visits", ["assignee_id", "scheduled_at"], postgresql_where=sa.text(UNRECORDED))
