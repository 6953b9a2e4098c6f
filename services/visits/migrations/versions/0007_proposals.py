"""Proposals of who visits whom, on what figures, and what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REASONS = "'kept', 'nearest', 'nearest_with_room', 'moved_for_balance', 'place_unknown', 'dealt_in_turn'"


def upgrade() -> None:
    op.create_table(
        "visit_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("only_unassigned", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("out_of_reach", sa.Integer(), nullable=False),
        sa.Column("needed", sa.Float(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("max_load", sa.Float(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("km_per_year", sa.Float(), nullable=False),
        sa.Column("turn_max_load", sa.Float(), nullable=False),
        sa.Column("turn_overdue", sa.Integer(), nullable=False),
        sa.Column("turn_km_per_year", sa.Float(), nullable=False),
        sa.Column("over_capacity", sa.Integer(), nullable=False),
        sa.Column("place_unknown", sa.Integer(), nullable=False),
        sa.Column("dealt_in_turn", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'accepting', 'accepted')", name="visit_proposals_state"),
        sa.CheckConstraint("(state = 'proposed') = (accepted_by IS NULL)", name="visit_proposals_accepted_by"),
        sa.CheckConstraint("(state = 'accepted') = (accepted_at IS NOT NULL)", name="visit_proposals_accepted_whole"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("visit_proposals_unit", "visit_proposals", ["unit_id", "id"])
    op.create_index("visit_proposals_accepting", "visit_proposals", ["id"], postgresql_where=sa.text("state = 'accepting'"))
    op.create_table(
        "proposed_posts",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("visits_per_week", sa.Integer(), nullable=False),
        sa.Column("owed", sa.Float(), nullable=False),
        sa.Column("carries", sa.Float(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["visit_proposals.id"]),
        sa.PrimaryKeyConstraint("proposal_id", "post_id"),
    )
    op.create_table(
        "proposed_contacts",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("from_post_id", sa.Uuid(), nullable=True),
        sa.Column("rhythm_days", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("reach", sa.String(length=32), nullable=False),
        sa.Column("km", sa.Integer(), nullable=True),
        sa.Column("nearest_post_id", sa.Uuid(), nullable=False),
        sa.Column("nearest_km", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="proposed_contacts_reason"),
        sa.CheckConstraint("reach IN ('in_time', 'late', 'over_capacity')", name="proposed_contacts_reach"),
        sa.CheckConstraint("outcome IN ('planned', 'left')", name="proposed_contacts_outcome"),
        sa.ForeignKeyConstraint(["proposal_id"], ["visit_proposals.id"]),
        sa.PrimaryKeyConstraint("proposal_id", "contact_id"),
    )
    op.create_index(
        "proposed_contacts_open", "proposed_contacts", ["proposal_id", "contact_id"], postgresql_where=sa.text("outcome IS NULL")
    )


def downgrade() -> None:
    op.drop_table("proposed_contacts")
    op.drop_table("proposed_posts")
    op.drop_table("visit_proposals")
