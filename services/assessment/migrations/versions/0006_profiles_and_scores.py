"""What units declare of themselves, and the scores that people give them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("terrain", sa.Text(), nullable=False),
        sa.Column("peer_group", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("population BETWEEN 1 AND 2000000000", name="unit_profiles_population"),
        sa.CheckConstraint("staff BETWEEN 0 AND 10000000", name="unit_profiles_staff"),
        sa.CheckConstraint("terrain IN ('plain', 'hills', 'mountains', 'islands', 'city')", name="unit_profiles_terrain_known"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unit_id", "as_of", "version", name="unit_profiles_unit_id_as_of_version"),
    )
    newest = sa.text("newest")
    op.create_index("ix_unit_profiles_newest", "unit_profiles", ["unit_id"], unique=True, postgresql_where=newest)
    op.create_index("ix_unit_profiles_peers", "unit_profiles", ["peer_group", "unit_id"], postgresql_where=newest)
    op.create_table(
        "scores",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("part IN ('self', 'inspector')", name="scores_part_known"),
        sa.CheckConstraint("points BETWEEN 0 AND 100", name="scores_points"),
        sa.CheckConstraint("num_nonnulls(withdrawn_at, withdrawal_reason) IN (0, 2)", name="scores_withdrawn_whole"),
        sa.CheckConstraint("withdrawn_at IS NULL OR NOT counts", name="scores_withdrawn_do_not_count"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scores_unit_id_campaign_id_id", "scores", ["unit_id", "campaign_id", "id"])
    op.create_index("ix_scores_campaign_id_id", "scores", ["campaign_id", "id"])
    op.create_index(
        "ix_scores_counting",
        "scores",
        ["campaign_id", "unit_id", "criterion", "part", "account_id"],
        unique=True,
        postgresql_where=sa.text("counts"),
        postgresql_include=["points"],
    )


def downgrade() -> None:
    op.drop_table("scores")
    op.drop_table("unit_profiles")
