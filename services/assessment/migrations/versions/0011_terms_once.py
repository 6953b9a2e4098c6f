"""Grades name the version of the standard that they follow from, and do not repeat it: what was active stays as it was."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION refuse_to_change_standards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a standard that has been active is not changed: make a new version of it';
END
$$
"""
STAY = """
CREATE TRIGGER standards_stay BEFORE UPDATE OF id, code, version, level, content ON standards FOR EACH ROW
WHEN (OLD.activated_at IS NOT NULL AND (OLD.id, OLD.code, OLD.version, OLD.level, OLD.content)
    IS DISTINCT FROM (NEW.id, NEW.code, NEW.version, NEW.level, NEW.content))
EXECUTE FUNCTION refuse_to_change_standards()
"""
REMAIN = """
CREATE TRIGGER standards_remain BEFORE DELETE ON standards FOR EACH ROW
WHEN (OLD.activated_at IS NOT NULL) EXECUTE FUNCTION refuse_to_change_standards()
"""


def upgrade() -> None:
    for statement in (REFUSE, STAY, REMAIN):
        op.execute(statement)
    op.execute("UPDATE grades SET evidence = evidence #- '{standard,terms}'")


def downgrade() -> None:
    for name in ("standards_remain", "standards_stay"):
        op.execute(f"DROP TRIGGER {name} ON standards")
    op.execute("DROP FUNCTION refuse_to_change_standards()")
    op.execute(
        """
        UPDATE grades SET evidence = jsonb_set(evidence, '{standard,terms}', standards.content)
        FROM standards WHERE standards.id = grades.standard_id
        """
    )
