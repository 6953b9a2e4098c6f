"""Posts, contacts, and which visits are owed by and to them; visits that may come back to the calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ON_CALENDAR = sa.text("state <> 'cancelled' OR recorded_at IS NOT NULL")
UNRECORDED = sa.text("state IN ('planned', 'ready')")


def upgrade() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visits_per_week", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unit_id", "code", name="posts_code"),
    )
    op.create_index(op.f("ix_posts_holder_id"), "posts", ["holder_id"])
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("rhythm_days", sa.Integer(), nullable=True),
        sa.Column("meeting", sa.String(length=32), nullable=False),
        sa.Column("companion", sa.String(length=32), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('household', 'group', 'place')", name="contacts_kind"),
        sa.CheckConstraint("state IN ('listed', 'agreed', 'refused', 'suspended', 'ended')", name="contacts_state"),
        sa.CheckConstraint("meeting IN ('home', 'office', 'public_place', 'phone')", name="contacts_meeting"),
        sa.CheckConstraint(
            "companion IN ('none', 'neighbour', 'interpreter', 'colleague', 'trusted_person')", name="contacts_companion"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("contacts_unit", "contacts", ["unit_id", "id"])
    op.create_index("contacts_post", "contacts", ["post_id", "id"])
    op.create_index("contacts_due", "contacts", ["next_due_at"], postgresql_where=sa.text("next_due_at IS NOT NULL"))
    op.create_index(
        "contacts_suspended", "contacts", ["suspended_until"], postgresql_where=sa.text("suspended_until IS NOT NULL")
    )
    for table in ("visit_plans", "visits"):
        op.add_column(table, sa.Column("post_id", sa.Uuid(), nullable=True))
        op.add_column(table, sa.Column("contact_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(None, table, "posts", ["post_id"], ["id"])
        op.create_foreign_key(None, table, "contacts", ["contact_id"], ["id"])
    op.add_column("visit_plans", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("visit_plans_post", "visit_plans", ["post_id"])
    op.create_index(
        "visit_plans_contact",
        "visit_plans",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("contact_id IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_index("visits_post", "visits", ["post_id"], postgresql_where=UNRECORDED)
    op.create_index("visits_contact", "visits", ["contact_id"])
    op.drop_constraint("visits_plan_start", "visits", type_="unique")
    op.create_index("visits_plan_start", "visits", ["plan_id", "window_starts_at"], unique=True, postgresql_where=ON_CALENDAR)


def downgrade() -> None:
    op.drop_index("visits_plan_start", table_name="visits")
    op.create_unique_constraint("visits_plan_start", "visits", ["plan_id", "window_starts_at"])
    op.drop_index("visits_contact", table_name="visits")
    op.drop_index("visits_post", table_name="visits")
    op.drop_column("visit_plans", "ended_at")
    for table in ("visits", "visit_plans"):
        op.drop_column(table, "contact_id")
        op.drop_column(table, "post_id")
    op.drop_table("contacts")
    op.drop_table("posts")
