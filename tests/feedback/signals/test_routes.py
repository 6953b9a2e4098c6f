"""Officials hear what people speak about more than before, of their unit and those below, and never of a few."""

from typing import Any
from uuid import uuid4

import pytest

from services.feedback.signals.queries import COUNT
from services.feedback.signals.rules import Weeks, windows
from shared.auth import ANONYMOUS, Principal
from shared.ids import first_id_at
from tests.feedback.cases.test_queries_cost import BOTH_MODES, explain, scans
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit

CLERK = official("village")


async def ask(house: House, caller: Principal = CLERK, code: str = "village", **params: Any) -> Any:
    return await house.get("/v1/signals", caller=caller, unit_id=str(unit(code)), **params)


async def speak(house: House, times: int, **said: Any) -> None:
    for _ in range(times):
        await house.submit(**said)


async def two_months(house: House) -> None:
    """The window before has 10 on light and 12 on water, the recent one 40 on light, 12 on water and 3 on waste."""
    for light, water, waste in ((10, 12, 0), (40, 12, 3)):
        house.clock.advance(weeks=4)
        await speak(house, light, category="light")
        await speak(house, water, category="water")
        await speak(house, waste, category="waste", channel="emotional")
    house.clock.advance(weeks=1)


def brief(items: list[Any], name: str) -> dict[str | None, tuple[Any, ...]]:
    return {item[name]: (item["recent"], item["before"], item["rising"]) for item in items}


async def test_what_rises_is_told_and_the_few_are_hidden(house: House) -> None:
    await two_months(house)
    told = await ask(house)
    assert (told["before_from"], told["recent_from"], told["until"]) == ("2026-03-09", "2026-04-06", "2026-05-04")
    assert (told["total"]["recent"], told["total"]["before"]) == (55, 20)
    assert brief(told["by_category"], "category") == {"light": (40, 10, True), "water": (None, 10, False)}
    light = told["by_category"][0]
    assert (light["ratio"], light["ratio_low"], light["ratio_high"]) == (4.0, 1.62, 12.95)
    assert brief(told["by_channel"], "channel") == {"public_opinion": (None, 20, False)}


async def test_a_topic_that_nobody_spoke_about_before_rises_too(house: House) -> None:
    house.clock.advance(weeks=5)
    await speak(house, 10, category="light")
    await speak(house, 20, category="water")
    house.clock.advance(weeks=1)
    water, light = (await ask(house))["by_category"]
    assert (water["category"], water["before"], water["ratio"], water["ratio_low"], water["rising"]) == (
        "water",
        None,
        None,
        1.48,
        True,
    )
    assert (light["category"], light["rising"]) == ("light", False)


async def test_the_week_that_goes_on_is_not_counted_and_the_answer_stays_all_week(house: House) -> None:
    await two_months(house)
    before = await ask(house)
    await speak(house, 20, category="light")
    house.clock.advance(days=6, hours=14)
    assert await ask(house) == before
    house.clock.advance(hours=1)
    assert (await ask(house))["total"]["recent"] == 75


async def test_whatever_becomes_of_a_case_it_was_spoken_about(house: House) -> None:
    house.clock.advance(weeks=4)
    cases = [await house.case(category="light") for _ in range(5)]
    house.clock.advance(weeks=1)
    before = await ask(house)
    await house.do(cases[0], "withdraw", caller=house.speaker)
    await house.do(cases[1], "reject", {"reason": "Not ours."}, caller=CLERK)
    assert await ask(house) == before
    assert before["total"]["recent"] == 5


async def test_anonymous_cases_count_and_imported_ones_do_not(house: House) -> None:
    house.clock.advance(weeks=4)
    await speak(house, 5, protection="anonymous")
    await house.submit(caller=admin(), origin={"system": "old", "reference": "1"})
    house.clock.advance(weeks=1)
    told = await ask(house)
    assert told["total"]["recent"] == 5
    assert brief(told["by_category"], "category") == {None: (5, None, False)}


async def test_a_unit_counts_what_those_below_it_hear_and_nothing_else(house: House) -> None:
    house.clock.advance(weeks=4)
    await speak(house, 5)
    await speak(house, 5, unit_id=unit("neighbour"))
    await speak(house, 5, unit_id=unit("elsewhere"))
    await speak(house, 5, unit_id=unit("village"), about=[str(unit("village"))])
    house.clock.advance(weeks=1)
    counted = {
        code: (await ask(house, admin(), code))["total"]["recent"] for code in ("village", "township", "county", "prefecture")
    }
    assert counted == {"village": 5, "township": 15, "county": 15, "prefecture": 20}


async def test_it_is_for_those_whose_unit_it_is_or_lies_below_theirs(house: House) -> None:
    for caller in (CLERK, lead("township"), inspector("county"), official("province"), admin()):
        await ask(house, caller)
    for caller in (official("neighbour"), lead("elsewhere"), official("village")):
        code = "township" if caller.unit_id == unit("village") else "village"
        answers = [
            await house.client.get("/v1/signals", caller=caller, params={"unit_id": str(unit_id)})
            for unit_id in (unit(code), uuid4())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert len({answer.json()["detail"] for answer in answers}) == 1
    for caller, status in ((resident(), 403), (ANONYMOUS, 401)):
        answer = await house.client.get("/v1/signals", caller=caller, params={"unit_id": str(unit("village"))})
        assert answer.status_code == status


async def test_a_quarter_is_the_other_length_and_there_is_no_third(house: House) -> None:
    house.clock.advance(weeks=5)
    await speak(house, 6)
    house.clock.advance(weeks=8)
    assert (await ask(house))["total"]["recent"] is None
    told = await ask(house, weeks=13)
    assert (told["total"]["recent"], told["weeks"]) == (5, 13)
    for weeks in ("1", "5", "12", "0", "-4", "x", "9" * 30):
        params = {"unit_id": str(unit("village")), "weeks": weeks}
        assert (await house.client.get("/v1/signals", caller=CLERK, params=params)).status_code == 422
    assert (await house.client.get("/v1/signals", caller=CLERK)).status_code == 422


INSERT_CASES = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at)
SELECT CAST(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000800000' || lpad(to_hex(n), 10, '0') AS uuid),
    ($1::uuid[])[1 + n % cardinality($1)], 'received', 'opinion', 'thought', 'named', 'A lamp', 'test', at, at
FROM generate_series(1, $2) n, LATERAL (SELECT CAST($3 AS timestamptz) - n * interval '1 hour' AS at) AS moment
"""


@BOTH_MODES
@pytest.mark.parametrize("units", [1, 10])
async def test_only_the_cases_of_the_windows_are_read(house: House, mode: str, units: int) -> None:
    """A case an hour for more than two years, in each of the units or in one: eight weeks are 1,344 hours."""
    places = [unit("village"), *(uuid4() for _ in range(units - 1))]
    await house.rows(INSERT_CASES, places, 20_000, house.clock())
    await house.rows("ANALYZE")
    first, middle, last = map(first_id_at, windows(house.clock().date(), Weeks.month))
    values = {"units": [unit("village")], "first": first, "middle": middle, "last": last}
    found = scans(await explain(house, mode, COUNT, values))
    assert 1_344 / units - 2 <= max(found.values()) <= 1_344 + 2
