"""The ledger of what was filed. Opinions from before have no leaf: nobody can show now what was said then."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_leaves",
        sa.Column("opinion_id", sa.Uuid(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("opinion_id"),
    )
    op.create_index("ledger_leaves_unsealed", "ledger_leaves", ["filed_on"], postgresql_where="day IS NULL")
    op.create_index("ledger_leaves_by_day", "ledger_leaves", ["day", "position"], postgresql_where="day IS NOT NULL")
    op.create_table(
        "ledger_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "ledger_blocks",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["day"], ["ledger_days.day"]),
        sa.PrimaryKeyConstraint("day", "number"),
    )


def downgrade() -> None:
    for table in ("ledger_blocks", "ledger_days", "ledger_leaves"):
        op.drop_table(table)
