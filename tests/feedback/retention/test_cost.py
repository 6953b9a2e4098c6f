"""To see that nothing is due costs nothing, however many cases there are, open, ended or erased."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.feedback.cases.rules import Channel
from services.feedback.retention import queries
from services.feedback.retention.actions import resealing
from services.feedback.retention.actions.erasing import AT_ONCE
from services.feedback.retention.rules import End, rows_of
from shared.practices import PracticeBook
from shared.types import Level
from tests.feedback.cases import test_queries_cost as reads
from tests.feedback.escalations import test_due_cost as texts
from tests.feedback.house import House
from tests.feedback.policies import EVER

MANY, DUE = 20_000, 20
FILL = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at, sealed_with,
    words_days, erased_at)
SELECT uuidv7(), $2, CASE WHEN n % 10 < 8 THEN 'withdrawn' ELSE 'received' END, 'opinion', 'thought', protection, 'A lamp',
    'default.v1', at, at, CASE WHEN protection <> 'named' THEN '1' END,
    days, CASE WHEN at < $3 - days * INTERVAL '1 day' THEN $3::timestamptz END
FROM generate_series(1, $1) AS n, LATERAL (
    SELECT $3::timestamptz - n * INTERVAL '2 hours' AS at, CASE n % 5 WHEN 0 THEN 'confidential' ELSE 'named' END AS protection,
        CASE n % 5 WHEN 0 THEN 365 ELSE 1825 END AS days
) AS facts
"""
"""One each two hours, for more than four years; what has come to its end is erased."""
SOME = "ARRAY(SELECT id FROM cases WHERE state = 'withdrawn' AND {} LIMIT $1)"
SOME_DUE = f"UPDATE cases SET erased_at = NULL WHERE id = ANY({SOME.format('erased_at IS NOT NULL')})"
SOME_OLDER = f"UPDATE cases SET sealed_with = '0' WHERE id = ANY({SOME.format('sealed_with IS NOT NULL AND erased_at IS NULL')})"


async def fill(house: House) -> None:
    await house.rows(FILL, MANY, uuid4(), house.clock())
    await house.rows("ANALYZE")


async def due_values(house: House) -> Mapping[str, Any]:
    async with house.service.works.begin() as uow:
        return {**queries.values_of(uow), "most": AT_ONCE}


@reads.BOTH_MODES
async def test_words_that_end_are_found_by_the_index_of_ends(house: House, mode: str) -> None:
    await fill(house)
    for due in (0, DUE):
        await house.rows(SOME_DUE, due)
        plan = await reads.explain(house, mode, queries.LIST[End.words], await due_values(house))
        assert plan["Actual Rows"] == due
        assert max(reads.scans(plan).values()) <= due


@reads.BOTH_MODES
async def test_a_changed_policy_is_tried_on_the_cases_of_its_span_alone(house: House, mode: str) -> None:
    await fill(house)
    channels, protected, access, words = map(list, zip(*rows_of(PracticeBook().retention(None, EVER)), strict=True))
    terms = {"channels": channels, "protected": protected, "access": access, "words": words, "levels": list(Level)}
    span = {"since": house.clock() - timedelta(days=9), "until": house.clock() - timedelta(days=2)}
    plan = await reads.explain(house, mode, queries.DIFFER, {**terms, **span})
    assert plan["Actual Rows"] == 2 * len(Channel)
    assert max(reads.scans(plan).values()) <= 7 * 12 + 1


@texts.BOTH_MODES
async def test_what_is_sealed_with_an_older_key_is_found_by_the_index_of_seals(house: House, mode: str) -> None:
    await fill(house)
    for older in (0, DUE):
        await house.rows(SOME_OLDER, older)
        plan = await texts.explain(house, mode, resealing.DUE, {"seals": ['""', "0"]})
        assert plan["Actual Rows"] == min(older, 1)
        assert sum(texts.touched(plan).values()) <= 1
        assert texts.touched(plan).keys() <= {"cases_by_seal"}
