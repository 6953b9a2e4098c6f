"""Words of protected cases are sealed. What is there already is sealed by a job, for the keys are not here."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("sealed_with", sa.String(), nullable=True))
    op.create_index("cases_by_seal", "cases", ["sealed_with"], postgresql_where="protection <> 'named'")


def downgrade() -> None:
    op.drop_index("cases_by_seal", table_name="cases", postgresql_where="protection <> 'named'")
    op.drop_column("cases", "sealed_with")
