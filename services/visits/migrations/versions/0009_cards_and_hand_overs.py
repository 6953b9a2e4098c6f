"""Cards by which residents choose, and findings that belong to a post."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_cards",
        sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id"), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id"),
        sa.UniqueConstraint("lookup"),
    )
    op.add_column("findings", sa.Column("post_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("findings_post_id_fkey", "findings", "posts", ["post_id"], ["id"])
    op.execute("UPDATE findings SET post_id = visits.post_id FROM visits WHERE visits.id = findings.visit_id")
    op.create_index("findings_post", "findings", ["post_id", "id"])


def downgrade() -> None:
    op.drop_column("findings", "post_id")
    op.drop_table("contact_cards")
