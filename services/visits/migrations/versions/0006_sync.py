"""Phones that were offline, calendars, reminders, and visits that residents ask for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

THIS_TRANSACTION = "(pg_current_xact_id()::text)::bigint"
UNREMINDED = "state IN ('planned', 'ready') AND reminded_at IS NULL"
REMIND = f"""
UPDATE visits SET remind_at = window_ends_at - least((window_ends_at - window_starts_at) / 4, interval '48 hours')
WHERE {UNREMINDED}
"""
RENEW = f"""
CREATE FUNCTION visits_renew_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := {THIS_TRANSACTION};
    RETURN NEW;
END $$
"""
DEPART = f"""
CREATE FUNCTION visits_note_departure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO visit_departures (account_id, visit_id) VALUES (OLD.assignee_id, OLD.id)
    ON CONFLICT (account_id, visit_id) DO UPDATE SET changed = {THIS_TRANSACTION};
    RETURN NULL;
END $$
"""
TRIGGERS = (
    "CREATE TRIGGER visits_changed BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION visits_renew_changed()",
    "CREATE TRIGGER visits_reassigned AFTER UPDATE OF assignee_id ON visits FOR EACH ROW "
    "WHEN (OLD.assignee_id IS DISTINCT FROM NEW.assignee_id) EXECUTE FUNCTION visits_note_departure()",
    "CREATE TRIGGER visits_deleted AFTER DELETE ON visits FOR EACH ROW EXECUTE FUNCTION visits_note_departure()",
)
STATES = "'open', 'planned', 'visited', 'declined', 'declined_by_resident', 'withdrawn'"


def upgrade() -> None:
    op.add_column("visits", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("visits", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    changed = sa.Column("changed", sa.BigInteger(), server_default=sa.text(THIS_TRANSACTION), nullable=False)
    op.add_column("visits", changed)
    op.execute(REMIND)
    op.create_index("visits_to_remind", "visits", ["remind_at"], postgresql_where=UNREMINDED)
    op.create_index("visits_changes", "visits", ["assignee_id", "changed", "id"])
    _create_sync()
    for statement in (RENEW, DEPART, *TRIGGERS):
        op.execute(statement)
    _create_calendars()
    _create_requests()


def _create_sync() -> None:
    op.create_table(
        "visit_departures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text(THIS_TRANSACTION), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "visit_id"),
    )
    op.create_index("visit_departures_changes", "visit_departures", ["account_id", "changed", "visit_id"])
    op.create_table(
        "synced_items",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "client_id"),
    )
    op.create_table(
        "sync_conflicts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("base_version", sa.String(), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "client_id", name="sync_conflicts_item"),
    )
    op.create_index(op.f("ix_sync_conflicts_visit_id"), "sync_conflicts", ["visit_id"])
    op.create_index("sync_conflicts_unit", "sync_conflicts", ["unit_id", "id"])


def _create_calendars() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("calendars_account", "calendars", ["account_id", "id"])


def _create_requests() -> None:
    op.create_table(
        "visit_requests",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("hand_overs", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("declined_reason", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name="visit_requests_state"),
        sa.CheckConstraint("(state = 'declined') = (declined_reason IS NOT NULL)", name="visit_requests_declined"),
        sa.CheckConstraint("(requested_at IS NULL) = (due_at IS NULL)", name="visit_requests_due"),
        sa.ForeignKeyConstraint(["plan_id"], ["visit_plans.id"]),
        sa.PrimaryKeyConstraint("case_id"),
        sa.UniqueConstraint("plan_id"),
    )
    op.create_index("visit_requests_unit", "visit_requests", ["unit_id", "case_id"], postgresql_where="requested_at IS NOT NULL")


def downgrade() -> None:
    for table in ("visit_requests", "calendars", "sync_conflicts", "synced_items"):
        op.drop_table(table)
    for trigger in ("visits_deleted", "visits_reassigned", "visits_changed"):
        op.execute(f"DROP TRIGGER {trigger} ON visits")
    op.execute("DROP FUNCTION visits_note_departure")
    op.execute("DROP FUNCTION visits_renew_changed")
    op.drop_table("visit_departures")
    op.drop_index("visits_changes", table_name="visits")
    op.drop_index("visits_to_remind", table_name="visits", postgresql_where=UNREMINDED)
    for column in ("changed", "reminded_at", "remind_at"):
        op.drop_column("visits", column)
