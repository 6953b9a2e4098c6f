import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from services.assessment.audits import rules as audits
from services.assessment.grades import rules as grades
from services.assessment.grades.rules import GradeState
from services.assessment.indicators.rules import Indicator
from services.assessment.objections import rules as objections
from services.assessment.reports import page
from services.assessment.reports.rules import words
from services.assessment.reports.rules.phrases import PHRASES, Phrase
from services.assessment.reports.rules.words import WORDS
from services.assessment.standards.rules import Source
from services.assessment.upgrade_plans import rules as upgrade_plans
from shared.auth import Role

NOUN = Path(page.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
WORDLESS = {"phrases.nothing", "phrases.measured", "phrases.hours_minutes"}
"""Only figures and signs."""
TABLES: dict[str, tuple[Mapping[Any, Phrase], type[StrEnum]]] = {
    "STANDING": (words.STANDING, GradeState),
    "OBSERVATIONS": (words.OBSERVATIONS, Indicator),
    "FORMULAS": (words.FORMULAS, Indicator),
    "ROLES": (words.ROLES, Role),
}


def sources() -> str:
    """All that speaks, without the catalogue itself."""
    speaking = (path for path in sorted(NOUN.rglob("*")) if path.suffix in (".py", ".html"))
    return "".join(path.read_text() for path in speaking if path.stem not in ("phrases", "words"))


def every_phrase() -> dict[str, Phrase]:
    tables: dict[str, Mapping[Any, Phrase]] = {
        **{kind.__name__: table for kind, table in WORDS.items()},
        **{name: table for name, (table, _) in TABLES.items()},
        "phrases": PHRASES,
        "kinds": words.KINDS,
        "rules": words.RULES,
        "scores": words.SCORES,
        "single": {"owed": words.OWED, "scored": words.SCORED},
    }
    return {f"{name}.{code}": phrase for name, table in tables.items() for code, phrase in table.items()}


def test_no_phrase_is_unused_and_none_is_missing() -> None:
    text = sources()
    assert [key for key in PHRASES if f'"{key}"' not in text] == []
    assert set(re.findall(r'say\(\s*"([a-z_0-9]+)"', text)) - set(PHRASES) == set()


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_code_has_its_word(kind: type[StrEnum]) -> None:
    assert set(WORDS[kind]) == set(kind)


@pytest.mark.parametrize("name", TABLES)
def test_every_code_has_its_sentence(name: str) -> None:
    table, codes = TABLES[name]
    assert set(table) == set(codes)


def test_every_rule_about_grades_has_its_word() -> None:
    assert set(words.RULES) == {*grades.Rule, *objections.Rule, *upgrade_plans.Rule, *audits.Rule}


def test_scores_have_the_word_of_whoever_gives_them() -> None:
    assert set(words.SCORES) == {Source.inspector, Source.self}


@pytest.mark.parametrize("key", every_phrase())
def test_both_languages_say_the_same(key: str) -> None:
    phrase = every_phrase()[key]
    assert fields(phrase.en) == fields(phrase.zh)
    assert phrase.en.strip() == phrase.en != ""
    assert not CHINESE.search(phrase.en)
    if key not in WORDLESS:
        assert CHINESE.search(phrase.zh)
    assert not re.search(r"[,;:!?()]", re.sub(r"\{[^}]*\}", "", phrase.zh)), "Chinese punctuation is full width"


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
