"""PostgreSQL gathers no samples of words: its statistics would keep them when they have been erased."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORDS = {
    "cases": ("title", "body", "place", "outcome", "attributes"),
    "messages": ("text",),
    "notes": ("text",),
    "case_history": ("reason",),
    "case_appeals": ("reason", "decision_reason"),
    "case_owners": ("reason",),
    "joint_units": ("task", "left_reason"),
    "identity_requests": ("motive", "reason"),
    "retaliation_reports": ("text", "reason"),
    "legal_holds": ("motive", "lift_reason"),
}

FORGET = """
DO $$
DECLARE sampled record;
BEGIN
    FOR sampled IN
        SELECT attrelid::regclass AS name, attname, format_type(atttypid, atttypmod) AS kind
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE attstattarget = 0 AND relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', sampled.name, sampled.attname, sampled.kind);
    END LOOP;
END $$
"""
"""A change of its type, also to the same, takes a column's statistics away; it rewrites nothing."""


def upgrade() -> None:
    for table, columns in WORDS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    op.execute(FORGET)


def downgrade() -> None:
    for table, columns in WORDS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS -1")
