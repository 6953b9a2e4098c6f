"""The policy book: which version a case gets, which it keeps, and that the order in which they came does not matter."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import NotFound
from shared.policies import SHIPPED, CasePolicy, CaseRules, Channel, PolicyBook, Scope
from shared.types import Level
from shared.working_time import ROUND_THE_CLOCK
from tests.feedback.policies import BERLIN, NEW_YORK, SHANGHAI, rules, span

START = datetime(2026, 3, 2, tzinfo=UTC)
SPACE = UUID("00000000-0000-7000-8000-000000000000")
LEVELS, CHANNELS = (None, *Level), (None, *Channel)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def policy(
    code: str, version: int = 1, *, begins: float = 0, level: Level | None = None, channel: Channel | None = None, **said: Any
) -> CasePolicy:
    """`begins` in days from `START`."""
    return CasePolicy(
        id=uuid5(SPACE, f"{code} {version}"),
        code=code,
        version=version,
        level=level,
        channel=channel,
        effective_from=day(begins),
        rules=rules(**said),
    )


TOWN = Level.township
SAID = Channel.public_opinion
BOTH = policy("both", level=TOWN, channel=SAID, begins=3)
BY_LEVEL = policy("by-level", level=TOWN, begins=2)
BY_CHANNEL = policy("by-channel", channel=SAID, begins=1)
GENERAL = policy("default", 2, begins=0)
BOOK = PolicyBook([GENERAL, BY_CHANNEL, BY_LEVEL, BOTH])
PRECEDENCE = [
    (TOWN, SAID, -1, "default.v1"),
    (TOWN, SAID, 0, "default.v2"),
    (TOWN, SAID, 1, "by-channel.v1"),
    (TOWN, SAID, 2, "by-level.v1"),
    (TOWN, SAID, 3, "both.v1"),
    (TOWN, Channel.thought, 9, "by-level.v1"),
    (Level.county, SAID, 9, "by-channel.v1"),
    (Level.county, Channel.thought, 9, "default.v2"),
    (Level.county, Channel.emotional, 9, "default-emotional.v1"),
    (TOWN, Channel.emotional, 9, "by-level.v1"),
    (None, None, 9, "default.v2"),
    (None, SAID, 9, "by-channel.v1"),
    (TOWN, None, 9, "by-level.v1"),
]


@pytest.mark.parametrize(("level", "channel", "at", "label"), PRECEDENCE)
def test_level_and_channel_before_level_before_channel_before_general(
    level: Level | None, channel: Channel | None, at: int, label: str
) -> None:
    assert BOOK.policy_for(level, channel, day(at)).label == label
    assert BOOK.policy_for(level, channel, day(at + 1) - timedelta(microseconds=1)).label == label or at < 3


VERSIONS = [
    ("a version begins on its day", [(1, 0), (2, 5)], {0: 1, 4: 1, 5: 2, 9: 2}),
    ("of two that begin together the newer", [(1, 0), (2, 0)], {0: 2}),
    ("a newer one that begins earlier overtakes for ever", [(1, 0), (2, 9), (3, 4)], {3: 1, 4: 3, 9: 3, 99: 3}),
    ("a newer one that begins later leaves the older its time", [(1, 0), (2, 4), (3, 9)], {3: 1, 4: 2, 8: 2, 9: 3}),
    ("with a gap in what is known", [(1, 0), (7, 4)], {3: 1, 4: 7}),
]


@pytest.mark.parametrize(("why", "versions", "expected"), VERSIONS, ids=[row[0] for row in VERSIONS])
def test_versions(why: str, versions: Sequence[tuple[int, int]], expected: dict[int, int]) -> None:
    book = PolicyBook([policy("local", version, begins=begins, level=TOWN) for version, begins in versions])
    assert {at: book.policy_for(TOWN, SAID, day(at)).version for at in expected} == expected
    for version, _ in versions:
        assert book.policy(f"local.v{version}").version == version


def test_what_is_shipped_is_in_effect_since_ever_and_can_be_followed_up() -> None:
    shipped, ever = PolicyBook(), datetime(1970, 1, 1, tzinfo=UTC)
    assert {policy.label for policy in shipped.in_effect(ever)} == {policy.label for policy in SHIPPED}
    for level, channel in product(LEVELS, CHANNELS):
        expected = "default-emotional.v1" if channel is Channel.emotional else "default.v1"
        assert shipped.policy_for(level, channel, ever).label == expected
    with pytest.raises(NotFound) as refused:
        shipped.policy_for(TOWN, SAID, ever - timedelta(microseconds=1))
    assert refused.value.slug == "policy-not-found"
    followed = PolicyBook([policy("default-emotional", 2, channel=Channel.emotional)])
    assert followed.policy_for(TOWN, Channel.emotional, day(0)).label == "default-emotional.v2"
    assert followed.policy("default-emotional.v1") == SHIPPED[1]


def test_an_unknown_label_is_refused() -> None:
    for label in ("default", "default.v0", "default.v2", "", "both.v1"):
        with pytest.raises(NotFound) as refused:
            PolicyBook().policy(label)
        assert refused.value.slug == "policy-not-found"


# Any set of policies that assessment could have told: a scope has one code, and a code its versions from 1.

SCOPES: list[Scope] = [*product((None, TOWN, Level.county), (None, SAID, Channel.emotional))]
TAKEN = {policy.scope: policy.code for policy in SHIPPED}
MOMENTS = st.integers(-1, 6)


@st.composite
def registers(draw: Any) -> list[CasePolicy]:
    found = []
    for scope in draw(st.sets(st.sampled_from(range(len(SCOPES))))):
        level, channel = SCOPES[scope]
        code = TAKEN.get((level, channel), f"scope-{scope}")
        first = 2 if code in TAKEN.values() else 1
        for number, begins in enumerate(draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))):
            found.append(policy(code, first + number, begins=begins, level=level, channel=channel))
    return found


def choose(known: Sequence[CasePolicy], level: Level, channel: Channel, at: datetime) -> CasePolicy:
    """The rule of the documentation, read aloud."""
    narrow = [(level, channel), (level, None), (None, channel), (None, None)]
    fitting = [policy for policy in (*known, *SHIPPED) if policy.scope in narrow and policy.effective_from <= at]
    return min(fitting, key=lambda policy: (narrow.index(policy.scope), -policy.version))


@given(registers(), st.randoms(use_true_random=False), MOMENTS)
def test_the_book_is_what_the_rule_says_in_whatever_order_policies_came(
    known: list[CasePolicy], chance: random.Random, at: int
) -> None:
    book, shuffled = PolicyBook(known), PolicyBook(chance.sample([*known, *known], 2 * len(known)))
    for level, channel in product(Level, Channel):
        expected = choose(known, level, channel, day(at))
        assert book.policy_for(level, channel, day(at)) == shuffled.policy_for(level, channel, day(at)) == expected
    in_effect = {policy.label for policy in book.in_effect(day(at))}
    assert in_effect == {policy.label for policy in shuffled.in_effect(day(at))}
    assert len({book.policy(label).scope for label in in_effect}) == len(in_effect), "one for each scope at most"


@given(registers(), st.data())
def test_what_is_registered_later_changes_nothing_that_a_case_has(known: list[CasePolicy], data: st.DataObject) -> None:
    """Neither the version that it keeps, nor which one it would have got before the newer ones begin."""
    begins = data.draw(st.integers(1, 5))
    before = [policy for policy in known if data.draw(st.booleans()) or policy.effective_from < day(begins)]
    old, new = PolicyBook(before), PolicyBook(known)
    for level, channel in product((TOWN, Level.county), (SAID, Channel.emotional)):
        opened_at = day(begins) - timedelta(microseconds=1)
        assert new.policy_for(level, channel, opened_at) == old.policy_for(level, channel, opened_at)
    for kept in before:
        assert new.policy(kept.label) == old.policy(kept.label) == kept


# Calendars.


def test_a_case_that_is_opened_gets_the_newest_version_of_the_calendar_and_keeps_it() -> None:
    hours = {("office", 2): BERLIN, ("office", 10): SHANGHAI, ("office", 1): NEW_YORK, ("other", 3): BERLIN}
    start, week = START, rules(deadlines={"first_answer": span(3, "working_days")}, calendar_code="office")
    spans = week.deadlines.first_answer
    for order in (hours.items(), reversed(hours.items())):
        book = PolicyBook(calendars=dict(order))
        assert (book.newest_version("office"), book.newest_version("other")) == (10, 3)
        assert book.calendar("office").add(start, spans) == book.calendar("office", 10).add(start, spans)
        assert len({book.calendar("office", version).add(start, spans) for version in (1, 2, 10)}) == 3
    assert (book.newest_version(None), book.calendar(None)) == (None, ROUND_THE_CLOCK)
    for code, version in (("office", 3), ("nowhere", None), ("nowhere", 1)):
        with pytest.raises(NotFound) as refused:
            book.calendar(code, version)
        assert refused.value.slug == "working-calendar-not-found"


# What a policy may say.

SHIPPED_RULES = SHIPPED[0].rules.model_dump(mode="json")


def shipped(**changed: Any) -> dict[str, Any]:
    return {**SHIPPED_RULES, **changed}


def deadline(kind: str, value: Any) -> dict[str, Any]:
    return {"deadlines": {**SHIPPED_RULES["deadlines"], kind: value}}


BAD = [
    ("calendar_needed", deadline("first_answer", span(2, "working_days"))),
    ("calendar_needed", {"escalation": [span(0), span(2, "working_hours")]}),
    ("calendar_needed", {"escalation": [span(0, "working_hours")]}),
    *(("calendar_needed", {window: span(2, "working_days")}) for window in ("confirm_within", "reopen_within", "appeal_within")),
    *(("span_zero", deadline(kind, span(0))) for kind in SHIPPED_RULES["deadlines"]),
    *(("span_zero", {window: span(0)}) for window in ("confirm_within", "reopen_within", "appeal_within")),
    ("too_short", {"escalation": []}),
    ("too_long", {"escalation": [span(1)] * 11}),
    ("greater_than_equal", {"escalate_after_reopenings": 0}),
    ("less_than_equal", {"escalate_after_reopenings": 101}),
    ("int_type", {"escalate_after_reopenings": "2"}),
    ("missing", {"deadlines": {"acknowledgement": span(1)}}),
]


@pytest.mark.parametrize(("error", "changed"), BAD, ids=range(len(BAD)))
def test_bad_rules_are_refused_with_a_reason(error: str, changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        CaseRules.model_validate(shipped(**changed))
    assert {found["type"] for found in refused.value.errors()} == {error}


def test_a_calendar_makes_working_units_good() -> None:
    said = shipped(**deadline("first_answer", span(2, "working_days")), calendar_code="office")
    assert CaseRules.model_validate(said).model_dump(mode="json") == said
