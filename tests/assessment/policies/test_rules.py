from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.assessment.policies.rules import RESERVED, check_code, check_scope, describe, explain
from services.assessment.practices.rules import check_start
from shared.errors import Conflict, Invalid
from shared.policies import Channel, Scope
from shared.types import Level

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TOWNS: Scope = (Level.township, None)
TAKEN: dict[str, Scope] = {"default": (None, None), "towns": TOWNS, "questions": (None, Channel.thought)}


@pytest.mark.parametrize("code", sorted(RESERVED))
def test_a_word_of_the_paths_is_no_code(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_code(code)
    assert refused.value.slug == "policy-code-reserved"
    check_code(f"{code}-2")


def test_a_policy_may_begin_now_and_never_before() -> None:
    check_start(NOW, NOW)
    check_start(NOW + timedelta(days=999), NOW)
    with pytest.raises(Invalid) as refused:
        check_start(NOW - timedelta(microseconds=1), NOW)
    assert refused.value.slug == "policy-in-the-past"


SCOPES = [
    ("towns", TOWNS, None),
    ("default", (None, None), None),
    ("new", (Level.township, Channel.thought), None),
    ("new", (Level.county, None), None),
    ("new", (None, Channel.emotional), None),
    ("towns", (Level.county, None), "policy-scope-fixed"),
    ("towns", (Level.township, Channel.thought), "policy-scope-fixed"),
    ("towns", (None, None), "policy-scope-fixed"),
    ("new", TOWNS, "policy-scope-taken"),
    ("new", (None, None), "policy-scope-taken"),
    ("new", (None, Channel.thought), "policy-scope-taken"),
]


@pytest.mark.parametrize(("code", "scope", "slug"), SCOPES)
def test_a_code_has_one_scope_and_a_scope_one_code(code: str, scope: Scope, slug: str | None) -> None:
    if slug is None:
        check_scope(code, scope, TAKEN)
        return
    with pytest.raises(Conflict) as refused:
        check_scope(code, scope, TAKEN)
    assert refused.value.slug == slug


def test_every_scope_is_told_in_words_of_its_own() -> None:
    scopes = [*product((None, *Level), (None, *Channel))]
    assert len({describe(scope) for scope in scopes}) == len(scopes)
    assert "anything narrower" not in explain("both.v1", (Level.township, Channel.thought))
    assert "anything narrower" in explain("towns.v1", TOWNS)
