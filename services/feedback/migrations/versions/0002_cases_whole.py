"""Policies, categories, templates, notes, hand-overs, joint units, appeals, mergers; escalation as a chain.

Cases from before keep their deadlines; for their windows the shipped default policy stands, whose figures are the ones they
were opened under.
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.feedback.cases.words import case_terms

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CAUSES = "('acknowledgement', 'first_answer', 'next_answer', 'resolution', 'appeal', 'reopening')"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("known_policies", "known_working_calendars"):
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("content", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
    _widen_cases()
    _widen_clocks()
    _widen_messages()
    _add_tables()
    _chain_escalations()
    _make_searchable()
    _share_cases()
    _add_attachments()


def _widen_cases() -> None:
    for column in (
        sa.Column("kind", sa.String(length=40)),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text())),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.Column("place", sa.String()),
        sa.Column("wants_visit", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("assistance", sa.String(length=40)),
        sa.Column("assisted_by_unit_id", sa.Uuid()),
        sa.Column("calendar_version", sa.Integer()),
        sa.Column("appealable_until", MOMENT),
        sa.Column("appeal_unit_id", sa.Uuid()),
        sa.Column("merged_into", sa.Uuid()),
        sa.Column("handed_over_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_said_by", sa.String(length=40)),
        sa.Column("read_by_resident", sa.Integer(), server_default="0", nullable=False),
        sa.Column("read_by_unit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("endorsement_count", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column("cases", column)
    kinds = "('question', 'proposal', 'help', 'observation', 'complaint', 'report', 'commendation')"
    for name, condition in (
        ("cases_assistance", "assistance IN ('counter', 'phone')"),
        ("cases_kind", f"kind IN {kinds}"),
        ("cases_last_said_by", "last_said_by IN ('resident', 'unit')"),
        ("cases_location_whole", "(latitude IS NULL) = (longitude IS NULL)"),
        ("cases_not_merged_into_itself", "merged_into <> id"),
    ):
        op.create_check_constraint(name, "cases", condition)
    op.create_foreign_key("cases_merged_into_fkey", "cases", "cases", ["merged_into"], ["id"])
    op.create_index("cases_by_main", "cases", ["merged_into"], postgresql_where="merged_into IS NOT NULL")
    op.execute(
        """
        UPDATE cases SET policy_version = 'default.v1', read_by_resident = message_count, read_by_unit = message_count,
            last_said_by = (SELECT by FROM messages WHERE case_id = cases.id ORDER BY number DESC LIMIT 1)
        """
    )


def _widen_clocks() -> None:
    op.add_column("case_clocks", sa.Column("counted_in", sa.String(length=40), server_default="hours", nullable=False))
    op.alter_column("case_clocks", "counted_in", server_default=None)
    spans = "('hours', 'days', 'working_hours', 'working_days')"
    op.create_check_constraint("case_clocks_counted_in", "case_clocks", f"counted_in IN {spans}")
    op.drop_constraint("case_clocks_kind", "case_clocks")
    kinds = "('acknowledgement', 'first_answer', 'next_answer', 'resolution', 'appeal')"
    op.create_check_constraint("case_clocks_kind", "case_clocks", f"kind IN {kinds}")


def _widen_messages() -> None:
    """What was said before is plain messages of the unit that the case belongs to, or of its speaker."""
    op.add_column("messages", sa.Column("unit_id", sa.Uuid()))
    op.add_column("messages", sa.Column("kind", sa.String(length=40), server_default="message", nullable=False))
    op.alter_column("messages", "kind", server_default=None)
    op.execute("UPDATE messages SET unit_id = cases.unit_id FROM cases WHERE cases.id = case_id AND by = 'unit'")
    op.create_check_constraint("messages_of_a_unit", "messages", "(by = 'unit') = (unit_id IS NOT NULL)")
    op.create_check_constraint("messages_kind", "messages", "kind IN ('message', 'question', 'answer', 'rejection')")


def _add_tables() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("channels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("keywords", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("default_unit_id", sa.Uuid()),
        sa.Column("level", sa.String(length=40)),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.CheckConstraint("level IN ('province', 'prefecture', 'county', 'township', 'grassroots')", name="categories_level"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('message', 'question', 'answer', 'rejection')", name="templates_kind"),
        sa.CheckConstraint("language IN ('en', 'zh')", name="templates_language"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unit_id", "code", "language"),
    )
    op.create_table(
        "case_appeals",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("appealed_at", MOMENT, nullable=False),
        sa.Column("decision", sa.String(length=40)),
        sa.Column("decision_reason", sa.String()),
        sa.Column("decided_at", MOMENT),
        sa.CheckConstraint("decision IN ('uphold', 'overturn')", name="case_appeals_decision"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="case_appeals_decided_whole"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_table(
        "case_owners",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.Column("reason", sa.String()),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_table(
        "case_units",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.CheckConstraint("part IN ('told', 'joint', 'former')", name="case_units_part"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("unit_id", "case_id"),
    )
    op.create_index("ix_case_units_case_id", "case_units", ["case_id"])
    op.create_table(
        "joint_units",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("left_at", MOMENT),
        sa.Column("left_reason", sa.String()),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("by_unit_id", sa.Uuid()),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notes_by_case", "notes", ["case_id", "id"])


def _chain_escalations() -> None:
    """A step counted within its case and named a clock; now it counts within a chain and has an id, which tells its time."""
    op.create_table(
        "escalation_chains",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_step", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT),
        sa.CheckConstraint(f"cause IN {CAUSES}", name="escalation_chains_cause"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "cause", "round"),
    )
    op.create_index("escalation_chains_due", "escalation_chains", ["next_at"], postgresql_where="next_at IS NOT NULL")
    op.execute("CREATE TEMPORARY TABLE escalation_steps_before ON COMMIT DROP AS SELECT * FROM escalation_steps")
    op.drop_table("escalation_steps")
    op.create_table(
        "escalation_steps",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("notified_at", MOMENT, nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.CheckConstraint(f"cause IN {CAUSES}", name="escalation_steps_cause"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "cause", "round", "step"),
        sa.UniqueConstraint("id"),
    )
    op.execute(
        """
        INSERT INTO escalation_steps (case_id, cause, step, id, unit_id, notified_at, acknowledged_at)
        SELECT case_id, kind, row_number() OVER (PARTITION BY case_id, kind ORDER BY step),
            CAST(
                lpad(to_hex(floor(extract(epoch FROM notified_at) * 1000)::bigint), 12, '0')
                || '7' || left(md5(random()::text), 3) || '8' || left(md5(random()::text), 15) AS uuid
            ),
            unit_id, notified_at, acknowledged_at
        FROM escalation_steps_before
        """
    )
    op.execute(
        """
        INSERT INTO escalation_chains (case_id, cause, next_step, next_at)
        SELECT case_id, cause, max(step) + 1, CASE WHEN EXISTS (
                SELECT FROM case_clocks AS owed
                WHERE owed.case_id = steps.case_id AND owed.kind = steps.cause AND breached_at IS NOT NULL
                    AND met_at IS NULL AND stopped_at IS NULL
            ) THEN max(notified_at) + INTERVAL '7 days' END
        FROM escalation_steps AS steps GROUP BY case_id, cause
        """
    )
    op.execute(
        """
        INSERT INTO case_units (unit_id, case_id, part, since)
        SELECT steps.unit_id, steps.case_id, 'told', min(notified_at)
        FROM escalation_steps AS steps JOIN cases ON cases.id = steps.case_id WHERE steps.unit_id <> cases.unit_id
        GROUP BY steps.unit_id, steps.case_id
        """
    )
    op.execute("UPDATE case_history SET reason = split_part(reason, ' ', 1) || ' 0' WHERE verb = 'escalate'")
    op.create_index("escalation_steps_by_unit", "escalation_steps", ["unit_id", "id"])
    op.create_index(
        "escalation_steps_unacknowledged", "escalation_steps", ["unit_id", "id"], postgresql_where="acknowledged_at IS NULL"
    )


def _make_searchable() -> None:
    op.create_index("cases_by_opening", "cases", ["opened_at", "id"])
    op.create_index("cases_unread", "cases", ["id"], postgresql_where="message_count > read_by_unit")
    overdue = "breached_at IS NOT NULL AND met_at IS NULL AND stopped_at IS NULL"
    owed = "met_at IS NULL AND paused_at IS NULL AND stopped_at IS NULL"
    op.create_index("case_clocks_owed", "case_clocks", ["due_at", "case_id"], postgresql_where=owed)
    op.create_index("case_clocks_overdue", "case_clocks", ["case_id"], postgresql_where=overdue)
    op.create_index("cases_by_update", "cases", ["updated_at", "id"])
    op.create_index("cases_by_endorsement", "cases", ["endorsement_count", "id"], postgresql_where="endorsement_count > 0")
    op.create_index("cases_by_place", "cases", ["latitude", "longitude"], postgresql_where="latitude IS NOT NULL")
    op.create_table(
        "case_texts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    last = sa.text("SELECT id, channel, source, category, title, body FROM cases WHERE id > :after ORDER BY id LIMIT 1000")
    add = sa.text("INSERT INTO case_texts (case_id, terms) VALUES (:case_id, CAST(:terms AS tsvector))")
    after = UUID(int=0)
    while rows := op.get_bind().execute(last, {"after": after}).all():
        op.get_bind().execute(add, [{"case_id": row.id, "terms": case_terms(row._asdict())} for row in rows])
        after = rows[-1].id
    op.create_index("case_texts_by_term", "case_texts", ["terms"], postgresql_using="gin")


def _share_cases() -> None:
    """Open cases are found by their place and, where others may read them, by their unit; others endorse them."""
    still_open = "state IN ('received', 'acknowledged', 'in_progress', 'waiting_resident', 'answered')"
    op.create_index("cases_shared_by_unit", "cases", ["unit_id", "id"], postgresql_where=f"shared AND {still_open}")
    op.create_index(
        "cases_open_by_place",
        "cases",
        [sa.text("floor(latitude * 100)"), sa.text("floor(longitude * 100)"), "shared", "id"],
        postgresql_where=f"latitude IS NOT NULL AND {still_open}",
    )
    op.create_table(
        "endorsements",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "pseudonym"),
    )


def _add_attachments() -> None:
    op.add_column("cases", sa.Column("attachment_count", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Uuid()),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("pages", sa.Integer()),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint("by IN ('resident', 'unit')", name="attachments_by"),
        sa.CheckConstraint("type IN ('jpeg', 'png', 'webp', 'pdf')", name="attachments_type"),
        sa.CheckConstraint("(by = 'unit') = (unit_id IS NOT NULL)", name="attachments_of_a_unit"),
        sa.CheckConstraint("(pages IS NULL) = (type <> 'pdf')", name="attachments_pages"),
        sa.CheckConstraint("(width IS NULL) = (pages IS NOT NULL)", name="attachments_width"),
        sa.CheckConstraint("(height IS NULL) = (pages IS NOT NULL)", name="attachments_height"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attachments_by_case", "attachments", ["case_id", "id"])
    op.create_table(
        "stray_files",
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("file"),
    )
    op.create_index("stray_files_due", "stray_files", ["due_at"])


def downgrade() -> None:
    raise RuntimeError("The first version cannot hold what cases have had since: restore a backup instead.")
