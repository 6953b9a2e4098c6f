"""What of a figure is shown to whom. Pure."""

from decimal import Decimal
from fractions import Fraction

import msgspec

from services.assessment.indicators.rules import (
    SAID_BY_RESIDENTS,
    CaseCounts,
    Indicator,
    Spread,
    Times,
)

FEWEST = 5
"""k: figures over fewer residents' verdicts than this are shown only to those who answer for the unit."""


def is_hidden(indicator: Indicator | None, voices: int, *, in_full: bool) -> bool:
    """Whether a reader who may not see everything is kept from this figure."""
    return voices < FEWEST and not in_full and indicator in SAID_BY_RESIDENTS


def hundredths(share: Fraction) -> Decimal:
    """Rounded down, so that what is shown never reaches a band that was not reached (bands are whole hundredths)."""
    return Decimal(share.numerator * 100 // share.denominator).scaleb(-2)


def show_cases(cases: CaseCounts, *, hide_verdicts: bool) -> CaseCounts:
    """Without the counts that would tell the verdicts of too few residents."""
    return msgspec.structs.replace(cases, confirmed=None, refused=None, reopened=None) if hide_verdicts else cases


def show_completion(times: Times, *, in_full: bool) -> Spread:
    """Completions are residents' verdicts too."""
    few = times.completion.n is not None and times.completion.n < FEWEST
    return Spread(None, None, None) if few and not in_full else times.completion
