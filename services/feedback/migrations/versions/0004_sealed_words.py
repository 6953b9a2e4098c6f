"""Words of protected cases are sealed, and posts kept from a case.

What is there already is sealed by a job: the keys are not here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("sealed_with", sa.String(), nullable=True))
    op.add_column("attachments", sa.Column("sealed_with", sa.String(), nullable=True))
    op.add_column("case_exclusions", sa.Column("post", sa.String(), server_default="", nullable=False))
    op.drop_constraint("case_exclusions_pkey", "case_exclusions", type_="primary")
    op.create_primary_key("case_exclusions_pkey", "case_exclusions", ["case_id", "unit_id", "post"])


def downgrade() -> None:
    op.drop_column("cases", "sealed_with")
    op.drop_column("attachments", "sealed_with")
    op.execute("DELETE FROM case_exclusions WHERE post <> ''")
    op.drop_constraint("case_exclusions_pkey", "case_exclusions", type_="primary")
    op.create_primary_key("case_exclusions_pkey", "case_exclusions", ["case_id", "unit_id"])
    op.drop_column("case_exclusions", "post")
