"""What is promised when a case ends stands on it; the policy on that, as every service knows it."""

import json
import os

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OVER = "state IN ('closed_unconfirmed', 'confirmed_resolved', 'rejected', 'withdrawn')"
ENDED = f"{OVER} AND erased_at IS NULL"
PROTECTED = "(protection <> 'named')"
ENDS = {
    f"cases_by_{end}_end": f"((updated_at AT TIME ZONE 'UTC') + make_interval(days => {end}_days))" for end in ("access", "words")
}
CHANNELS = ("thought", "emotional", "public_sentiment", "public_opinion")
SHIPPED = {
    "ACCESS_DAYS": dict.fromkeys(CHANNELS, 180),
    "WORDS_DAYS": {**dict.fromkeys(CHANNELS, 365), "public_opinion": 730},
    "NAMED_WORDS_DAYS": dict.fromkeys(CHANNELS, 1825),
}
PROMISE = sa.text(
    f"""
    UPDATE cases SET access_days = promised.access_days, words_days = promised.words_days
    FROM unnest(CAST(:channels AS text[]), CAST(:access AS int[]), CAST(:words AS int[]), CAST(:named AS int[]))
            AS terms (channel, access_days, words_days, named_days),
        LATERAL (VALUES (true, terms.access_days, terms.words_days), (false, terms.access_days, terms.named_days))
            AS promised (protected, access_days, words_days)
    WHERE terms.channel = cases.channel AND promised.protected = {PROTECTED} AND {OVER}
        AND (cases.access_days, cases.words_days) <> (promised.access_days, promised.words_days)
    """
)


def upgrade() -> None:
    op.create_table(
        "known_retention_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("cases", sa.Column("access_days", sa.Integer(), server_default="180", nullable=False))
    op.add_column("cases", sa.Column("words_days", sa.Integer(), server_default="1825", nullable=False))
    access, words, named = map(_as_set, SHIPPED)
    op.get_bind().execute(PROMISE, {"channels": list(CHANNELS), "access": access, "words": words, "named": named})
    op.drop_index("cases_by_end", table_name="cases", postgresql_where=ENDED)
    for name, end in ENDS.items():
        op.create_index(name, "cases", [sa.text(end), "id"], postgresql_where=ENDED)


def downgrade() -> None:
    for name in ENDS:
        op.drop_index(name, table_name="cases", postgresql_where=ENDED)
    op.create_index("cases_by_end", "cases", ["channel", sa.text(PROTECTED), "updated_at", "id"], postgresql_where=ENDED)
    op.drop_column("cases", "words_days")
    op.drop_column("cases", "access_days")
    op.drop_table("known_retention_policies")


def _as_set(name: str) -> list[int]:
    """Days by channel, as cases that have ended were promised: what the settings of then say, else what was shipped."""
    days = SHIPPED[name] | json.loads(os.environ.get(f"MASSLINE_FEEDBACK_{name}") or "{}")
    return [days[channel] for channel in CHANNELS]
