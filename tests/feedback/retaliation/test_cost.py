"""What is due is found by its index, however many reports there are."""

from datetime import timedelta
from uuid import uuid4

from services.feedback.retaliation.actions.climbing import DUE, DUE_BATCH
from tests.feedback.escalations.test_due_cost import BOTH_MODES, explain, touched
from tests.feedback.house import House, unit

MANY, FEW = 5_000, 20
FILL = """
WITH opened AS (
    INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at)
    SELECT uuidv7(), uuidv7(), 'received', 'opinion', 'thought', 'named', 'A lamp', 'default.v1', now(), now()
    FROM generate_series(1, $1) RETURNING id
), reported AS (
    INSERT INTO retaliation_reports
        (id, case_id, unit_id, state, text, accused, reported_at, acknowledge_by, decide_by, next_at)
    SELECT uuidv7(), id, $2, 'reported', 'They did.', '{}', $3, $3, $3, $3 FROM opened RETURNING id
)
INSERT INTO retaliation_readers (report_id, number, unit_id) SELECT id, 0, $2 FROM reported
"""


async def fill(house: House) -> None:
    await house.rows(FILL, MANY, uuid4(), house.clock() + timedelta(days=1))
    await house.rows(FILL, FEW, unit("township"), house.clock())
    await house.rows("ANALYZE")


@BOTH_MODES
async def test_the_due_are_found_by_their_index_alone(house: House, mode: str) -> None:
    await fill(house)
    plan = await explain(house, mode, DUE, {"now": house.clock(), "most": DUE_BATCH})
    assert plan["Actual Rows"] == FEW
    assert touched(plan) == {"retaliation_reports_due": FEW}
