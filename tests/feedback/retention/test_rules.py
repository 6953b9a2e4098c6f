"""How long, and never shorter than speakers are promised."""

from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import JSON, String
from sqlalchemy.dialects.postgresql import TSVECTOR

from services.feedback.cases.rules import Channel
from services.feedback.retaliation.rules import WATCH
from services.feedback.retention.rules import FLOOR, rows_of, tell
from services.feedback.retention.words import WORDS as PLACES
from services.feedback.schema import metadata
from shared.practices import SHORTEST_ACCESS, Kept, PracticeBook, RetentionTerms
from tests.feedback.policies import EVER

NO_WORDS = {
    "attachments": {"by", "type", "file", "sealed_with"},
    "audit_entries": {"act", "by_role", "detail"},
    "case_clocks": {"kind", "counted_in"},
    "case_appeals": {"decision"},
    "case_exclusions": {"post"},
    "case_history": {"verb", "by_role", "from_state", "to_state", "rule"},
    "case_texts": {"terms"},
    "case_units": {"part"},
    "cases": {
        *("state", "source", "channel", "protection", "kind", "category", "assistance", "sealed_with", "policy_version"),
        "last_said_by",
    },
    "categories": {"code", "name", "description", "keywords", "channels", "attributes", "level", "label"},
    "escalation_chains": {"cause"},
    "escalation_steps": {"cause"},
    "holds": {"channel", "reason", "decision", "decision_reason"},
    "identities": {"key_id"},
    "identity_requests": {"by_role", "decided_by_role"},
    "legal_holds": {"by_role"},
    "messages": {"by", "kind"},
    "notes": {"by_role"},
    "opinions": {"origin_system", "origin_reference"},
    "receipts": {"proof"},
    "retaliation_reports": {"state"},
    "stray_files": {"file"},
    "templates": {"kind", "name", "text", "language", "code", "title", "body", "category"},
}
"""Codes, keys and roles; what a unit says to everybody (a category, a template, a decision about a hold); and the terms of a
case, which hold no word of a protected one and go with the words of others."""


def shipped() -> RetentionTerms:
    return PracticeBook().retention(None, EVER)


def test_every_column_in_which_people_write_is_known_as_one() -> None:
    words = {(place.table.name, name) for place in PLACES for name in place.columns}
    for table in metadata.tables.values():
        known = NO_WORDS.get(table.name, set()) | {name for at, name in words if at == table.name}
        unknown = {column.name for column in table.columns if isinstance(column.type, String | JSON | TSVECTOR)} - known
        assert not unknown, f"{table.name}: are these words of a case? Then they belong into retention/words.py"


@pytest.mark.parametrize(
    ("channel", "access", "protected", "named"),
    [
        (Channel.thought, 180, 365, 1825),
        (Channel.emotional, 180, 365, 1825),
        (Channel.public_sentiment, 180, 365, 1825),
        (Channel.public_opinion, 180, 730, 1825),
    ],
)
def test_what_is_shipped(channel: Channel, access: int, protected: int, named: int) -> None:
    """Words of a protected case go after a year, on the channel of reports after two, because proceedings last longer; words that
    somebody stands by with their name stay for five, so that a unit can be held to what it answered."""
    rows = set(rows_of(shipped()))
    assert {(channel.value, True, access, protected), (channel.value, False, access, named)} <= rows
    assert len(rows) == 2 * len(Channel)


def test_every_channel_has_its_terms_and_access_lasts_as_long_as_the_watch() -> None:
    assert RetentionTerms.model_fields.keys() - {"practice"} == {channel.value for channel in Channel}
    assert WATCH.days == SHORTEST_ACCESS


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"access_days": 179}, "greater than or equal to 180"),
        ({"protected_days": 179}, "greater than or equal to 180"),
        ({"access_days": 366}, "before access"),
        ({"access_days": 400, "protected_days": 500, "named_days": 399}, "before access"),
        ({"named_days": 3661}, "less than or equal to 3660"),
    ],
)
def test_a_policy_does_not_go_below_what_speakers_are_promised_nor_keep_words_for_good(
    changed: dict[str, int], says: str
) -> None:
    terms = shipped().model_dump()
    with pytest.raises(ValidationError, match=says):
        RetentionTerms.model_validate({**terms, "thought": {**terms["thought"], **changed}})


DAYS = st.one_of(st.sampled_from((179, 180, 181, 3659, 3660, 3661)), st.integers(0, 4000))
SOME = st.one_of(st.integers(0, 12), st.integers(0, 10**6))


@given(DAYS, DAYS, DAYS)
def test_terms_are_taken_if_the_floor_the_order_and_the_bound_hold(access: int, protected: int, named: int) -> None:
    allowed = 180 <= access <= min(protected, named) and max(protected, named) <= 3660
    with nullcontext() if allowed else pytest.raises(ValidationError):
        kept = Kept(access_days=access, protected_days=protected, named_days=named)
        assert (kept.words_days(protected=True), kept.words_days(protected=False)) == (protected, named)


@given(SOME, SOME, SOME)
def test_what_is_told_tells_no_part_of_fewer_than_five(sooner: int, later: int, same: int) -> None:
    told = tell(sooner + later + same, sooner, later)
    few = any(0 < part < FLOOR for part in (sooner, later, same))
    assert told == ((None, None) if few else (sooner, later))


@pytest.mark.parametrize(
    ("cases", "sooner", "later", "told"),
    [
        (0, 0, 0, (0, 0)),
        (4, 4, 0, (None, None)),
        (5, 5, 0, (5, 0)),
        (9, 5, 0, (None, None)),
        (10, 5, 5, (5, 5)),
        (20, 8, 9, (None, None)),
        (20, 0, 0, (0, 0)),
    ],
)
def test_fewer_than_five_cases_are_not_told_apart(
    cases: int, sooner: int, later: int, told: tuple[int | None, int | None]
) -> None:
    assert tell(cases, sooner, later) == told
