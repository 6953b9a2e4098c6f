"""Standards as data: any criteria, floors and bands; drafts that residents comment on; dry runs; a standard that is shipped."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAMES = {"response": "Answers in time", "resolution": "Resolved, as residents say", "satisfaction": "Satisfied residents"}
SHIPPED = "00000000-0000-7000-8000-000000000001"


def upgrade() -> None:
    op.add_column("standards", sa.Column("state", sa.Text(), nullable=False, server_default="active"))
    op.add_column("standards", sa.Column("content", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column("standards", sa.Column("comments_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("standards", sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("standards", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("standards", sa.Column("changes", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    _carry_over()
    for column in ("state", "content", "changes"):
        op.alter_column("standards", column, server_default=None)
    op.alter_column("standards", "comments_until", nullable=False)
    for check in ("standards_weights_total", "standards_bands_rise", "standards_minimum_sample"):
        op.drop_constraint(check, "standards")
    for column in ("response_weight", "resolution_weight", "satisfaction_weight", "qualified", "excellent", "minimum_sample"):
        op.drop_column("standards", column)
    op.create_check_constraint("standards_state_known", "standards", "state IN ('draft', 'active', 'superseded', 'withdrawn')")
    op.create_check_constraint(
        "standards_activated_at_known", "standards", "(activated_at IS NULL) = (state IN ('draft', 'withdrawn'))"
    )
    op.create_index("standards_one_active", "standards", ["code"], unique=True, postgresql_where=sa.text("state = 'active'"))
    op.create_index("standards_state_id", "standards", ["state", "id"])
    _ship()
    _create_comments()
    _create_dry_runs()


def _carry_over() -> None:
    """What was adopted before stays in force, the newest version of each code as the active one."""
    criteria = ", ".join(
        f"""jsonb_build_object('code', '{code}', 'name', '{name}', 'weight', {code}_weight, 'indicator', '{code}',
            'source', '{"measured" if code == "response" else "residents"}', 'scale', '{{"floor": 0, "target": 1}}'::jsonb,
            'normalisation', NULL, 'minimum_sample', minimum_sample, 'owner', 'administration')"""
        for code, name in NAMES.items()
    )
    op.execute(f"""
        UPDATE standards SET comments_until = created_at, activated_at = created_at, content = jsonb_build_object(
            'criteria', jsonb_build_array({criteria}), 'floors', '[]'::jsonb, 'level_bands', '{{}}'::jsonb,
            'bands', jsonb_build_object('qualified', qualified, 'excellent', excellent)),
            state = CASE WHEN version = (SELECT max(version) FROM standards AS newer WHERE newer.code = standards.code)
                    THEN 'active' ELSE 'superseded' END
    """)


def _ship() -> None:
    """The three rates, weighted 10, 45 and 45, as programmes of swift response to complaints publish them."""
    criteria = [
        {
            "code": code,
            "name": NAMES[code],
            "weight": weight,
            "source": "measured" if code == "response" else "residents",
            "indicator": code,
            "scale": {"floor": 0, "target": 1},
            "normalisation": None,
            "minimum_sample": 5,
            "owner": "the office for residents' letters and calls",
        }
        for code, weight in (("response", 10), ("resolution", 45), ("satisfaction", 45))
    ]
    content = {"criteria": criteria, "floors": [], "bands": {"qualified": 0.6, "excellent": 0.85}, "level_bands": {}}
    shipped = sa.text("""
        INSERT INTO standards
            (id, code, version, name, level, state, content, comments_until, created_at, activated_at, reason, changes)
        SELECT CAST(:id AS uuid), 'three-rates', 1, 'Three rates', NULL, 'active', CAST(:content AS jsonb), epoch, epoch, epoch,
            'Shipped with the product, so that there is a published scheme to begin with.', ARRAY['first version']
        FROM (VALUES (CAST('1970-01-01T00:00:00Z' AS timestamptz))) AS times (epoch)
        ON CONFLICT DO NOTHING
    """)
    op.execute(shipped.bindparams(id=SHIPPED, content=json.dumps(content)))


def _create_comments() -> None:
    op.create_table(
        "standard_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.LargeBinary(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=True),
        sa.Column("stance", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("stance IN ('support', 'change', 'oppose')", name="standard_comments_stance_known"),
        sa.CheckConstraint(
            "decision IS NULL OR decision IN ('adopted', 'adopted_in_part', 'declined')", name="standard_comments_decision_known"
        ),
        sa.CheckConstraint("(decision IS NULL) = (answer IS NULL)", name="standard_comments_answered_with_reason"),
        sa.ForeignKeyConstraint(["standard_id"], ["standards.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("standard_comments_standard_id_id", "standard_comments", ["standard_id", "id"])
    op.create_index("standard_comments_of_one", "standard_comments", ["standard_id", "pseudonym"])
    op.create_index(
        "standard_comments_unanswered", "standard_comments", ["standard_id"], postgresql_where=sa.text("decision IS NULL")
    )


def _create_dry_runs() -> None:
    op.create_table(
        "standard_dry_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("compared_with", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("grades", postgresql.JSONB(), nullable=False),
        sa.Column("grades_before", postgresql.JSONB(), nullable=False),
        sa.Column("moves", postgresql.JSONB(), nullable=False),
        sa.Column("missing", postgresql.JSONB(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["standard_id"], ["standards.id"]),
        sa.ForeignKeyConstraint(["compared_with"], ["standards.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("standard_dry_runs_standard_id_id", "standard_dry_runs", ["standard_id", "id"])
    op.create_index("ix_standard_dry_runs_compared_with", "standard_dry_runs", ["compared_with"])
    op.create_index("ix_standard_dry_runs_unit_id", "standard_dry_runs", ["unit_id"])
    op.create_index("standard_dry_runs_open", "standard_dry_runs", ["id"], postgresql_where=sa.text("finished_at IS NULL"))


def downgrade() -> None:
    raise RuntimeError("The columns of before cannot hold what standards have had since: restore a backup instead.")
