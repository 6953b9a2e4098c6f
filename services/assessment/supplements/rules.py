"""What a supplement may say: only what is stricter than all that it would meet."""

from collections.abc import Iterable, Iterator

from shared.errors import Conflict, Invalid
from shared.policies import CasePolicy, Channel, SupplementRules
from shared.strictness import Source, stricter_or_equal, without_calendar
from shared.working_time import Span

MOST_NAMED = 5
RULE = "supplement.only-stricter"
"""By which rule a version is registered, or ended."""


def code_of(unit_code: str, channel: Channel | None) -> str:
    """A unit has one supplement for all channels and one for each; no code of a unit or policy has a colon."""
    return unit_code if channel is None else f"{unit_code}:{channel.value}"


def check_end(ends: bool, rules: SupplementRules, last_ends: bool) -> None:
    """Raises `Invalid` (supplement-says-nothing, supplement-ends), `Conflict` (supplement-ended)."""
    if ends and not rules.says_nothing:
        raise Invalid("supplement-ends", "A version that `ends` the supplement names no terms: leave them out.")
    if ends and last_ends:
        raise Conflict("supplement-ended", "The unit has no supplement for this channel that could end.")
    if not ends and rules.says_nothing:
        raise Invalid("supplement-says-nothing", "Name at least one term that is stricter; to end the supplement, say `ends`.")


def check_stricter(rules: SupplementRules, inherited: Iterable[Source]) -> None:
    """Against everything that it would meet. Raises `Invalid` (supplement-too-lax), which names what is."""
    lax = [found for source in inherited for found in _laxer(rules, source)]
    if lax:
        left = f", and {len(lax) - MOST_NAMED} more" if len(lax) > MOST_NAMED else ""
        raise Invalid(
            "supplement-too-lax",
            f"A supplement may only be stricter: {'; '.join(lax[:MOST_NAMED])}{left}. Spans of different units are compared by "
            "the longest and the shortest that they can come to: name the unit that is inherited, or a span that is surely "
            "stricter.",
        )


def _laxer(rules: SupplementRules, source: Source) -> Iterator[str]:
    counted = without_calendar if isinstance(source, CasePolicy) and source.rules.calendar_code is None else _as_it_is
    for term, span in rules.spans.items():
        theirs = source.rules.spans.get(term)
        if theirs is not None and not stricter_or_equal(term, counted(span), counted(theirs)):
            yield f"{term} is {_words(span)}, {source.label} has {_words(theirs)}"
    ours, theirs_number = rules.escalate_after_reopenings, source.rules.escalate_after_reopenings
    if ours is not None and theirs_number is not None and ours > theirs_number:
        yield f"escalate_after_reopenings is {ours}, {source.label} has {theirs_number}"


def _as_it_is(span: Span) -> Span:
    return span


def _words(span: Span) -> str:
    return f"{span.amount} {span.unit.value.replace('_', ' ')}"
