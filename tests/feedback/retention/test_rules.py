"""How long, and never shorter than speakers are promised."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import JSON, String
from sqlalchemy.dialects.postgresql import TSVECTOR

from services.feedback.app import create_service
from services.feedback.cases.rules import Channel
from services.feedback.retention.rules import ACCESS, NAMED_WORDS, WORDS, End, Terms, check_terms
from services.feedback.retention.words import WORDS as PLACES
from services.feedback.schema import metadata
from services.feedback.settings import FeedbackSettings

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SHIPPED = Terms(ACCESS, WORDS, NAMED_WORDS)
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


def test_every_column_in_which_people_write_is_known_as_one() -> None:
    words = {(place.table.name, name) for place in PLACES for name in place.columns}
    for table in metadata.tables.values():
        known = NO_WORDS.get(table.name, set()) | {name for at, name in words if at == table.name}
        unknown = {column.name for column in table.columns if isinstance(column.type, String | JSON | TSVECTOR)} - known
        assert not unknown, f"{table.name}: are these words of a case? Then they belong into retention/words.py"


@pytest.mark.parametrize(
    ("end", "channel", "protected", "days"),
    [
        (End.access, Channel.thought, True, 180),
        (End.access, Channel.public_opinion, False, 180),
        (End.words, Channel.thought, True, 365),
        (End.words, Channel.emotional, True, 365),
        (End.words, Channel.public_sentiment, True, 365),
        (End.words, Channel.public_opinion, True, 730),
        (End.words, Channel.public_opinion, False, 1825),
    ],
)
def test_what_is_shipped(end: End, channel: Channel, protected: bool, days: int) -> None:
    check_terms(SHIPPED)
    ends = {(channel, protected): moment for channel, protected, moment in SHIPPED.ended_before(end, NOW)}
    assert ends[channel, protected] == NOW - timedelta(days=days)
    assert len(ends) == 2 * len(Channel)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"access_days": {"thought": 179}}, "180 days"),
        ({"words_days": {"emotional": 179}}, "before access"),
        ({"access_days": {"thought": 400}}, "before access"),
        ({"named_words_days": {"thought": 90}}, "before access"),
    ],
)
def test_settings_do_not_go_below_what_speakers_are_promised(changed: dict[str, dict[str, int]], says: str) -> None:
    settings = FeedbackSettings(database_url="postgresql://nobody@127.0.0.1/none", pepper=SecretStr("p" * 40), **changed)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=says) as refused:
        create_service(settings)
    assert all(settings.variable(name) in str(refused.value) for name in changed)
