"""What a text is found by: words of any alphabet by their stem, Chinese by every two characters that stand together. Pure.

Written as PostgreSQL's `tsvector` and `tsquery`. Chinese has no spaces, and most of its words have two characters: every pair is
a term with its place, so a word of any length is found where its pairs follow each other, and one character as a pair's first.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from unicodedata import normalize

import Stemmer

from services.feedback.cases.rules import Protection
from shared.errors import Invalid

_HAN = re.compile(
    r"[\u2e80-\u2fdf\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_WORD = re.compile(r"[^\W_\u2e80-\U0003ffff]+")
_NO_WORD = {code: " " for code in range(128) if not chr(code).isalnum()}
_STEMMER = Stemmer.Stemmer("english")
LONGEST = 60
"""Characters of a word that count: a longer one is no word."""
LAST_PLACE = 16_000
"""PostgreSQL counts no further: pairs behind this many Chinese characters are found each by itself."""


def terms_of(text: str, facets: Mapping[str, str | None] = {}) -> str:
    """The text as a `tsvector`, with the facets that are not None as terms `name=value`."""
    folded = _fold(text)
    parts = list({_stem(word) for word in set(_words(folded))})
    if not folded.isascii():
        parts += [f"'{pair}':{','.join(map(str, places))}" for pair, places in _pairs(folded).items()]
    parts += [_facet(name, value) for name, value in facets.items() if value is not None]
    return " ".join(parts)


FACETS = ("channel", "kind", "category", "source", "assistance")
"""Columns of a case that stay as they are from its opening on."""


def case_terms(case: Mapping[str, Any]) -> str:
    """Of a case's columns; those that it lacks count as None. What a protected case says is not among them: terms tell what was
    said to whoever has a copy of them."""
    if case.get("protection", Protection.named) != Protection.named:
        return facet_terms(case)
    words = f"{case['title']}\n{case.get('body') or ''}"
    return terms_of(words, _facets(case))


def facet_terms(case: Mapping[str, Any]) -> str:
    """The same without what it says."""
    return terms_of("", _facets(case))


def _facets(case: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: case.get(name) for name in FACETS}


def search_of(asked: str) -> str:
    """The `tsquery` of a text that holds every word of `asked`. Raises `Invalid` (nothing-to-search)."""
    folded = _fold(asked)
    words = [f"'{_stem(word)}'" for word in _words(folded)]
    wanted = [*words, *(_sequence(run) for run in _HAN.findall(folded))]
    if not wanted:
        raise Invalid("nothing-to-search", "Give at least one word or one Chinese character in `q`.")
    return " & ".join(dict.fromkeys(wanted))


def facet_search(facets: Mapping[str, str]) -> Iterable[str]:
    """Parts of a `tsquery`, one for each facet."""
    return (_facet(name, value) for name, value in facets.items())


def _fold(text: str) -> str:
    return (text if text.isascii() else normalize("NFKC", text)).casefold()


def _words(folded: str) -> list[str]:
    return folded.translate(_NO_WORD).split() if folded.isascii() else _WORD.findall(folded)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    stem: str = _STEMMER.stemWord(word[:LONGEST])
    return stem


def _pairs(folded: str) -> Mapping[str, list[int]]:
    """Every pair, and the last character of every run, with its places; a gap stands between runs."""
    found: dict[str, list[int]] = {}
    place = 1
    for run in _HAN.findall(folded):
        for pair in _walk(run):
            found.setdefault(pair, []).append(min(place, LAST_PLACE))
            place += 1
        place += 1
    return found


def _walk(run: str) -> Iterator[str]:
    return (run[start : start + 2] for start in range(len(run)))


def _sequence(run: str) -> str:
    if len(run) == 1:
        return f"'{run}':*"
    return "(" + " <-> ".join(f"'{pair}'" for pair in _walk(run) if len(pair) == 2) + ")"


def _facet(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{name}={escaped}'"
