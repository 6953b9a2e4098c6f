"""What units declare of themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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


def downgrade() -> None:
    op.drop_table("unit_profiles")
