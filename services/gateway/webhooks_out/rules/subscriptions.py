"""Which events an endpoint may ask for."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

import shared.events as _contracts
from shared.errors import Invalid
from shared.events.envelope import Event

EVERYTHING = "*"
CONTRACTS: tuple[type[Event], ...] = tuple(
    contract for contract in Event.registry.values() if contract.__module__.startswith(_contracts.__name__)
)
"""Every event that the services tell; all of them may be subscribed to."""
EVENT_TYPES = frozenset(contract.type for contract in CONTRACTS)


def check_event_types(wanted: Iterable[str], known: Collection[str]) -> None:
    """Raises `Invalid` (unknown-event-type) naming each unknown type and what may have been meant."""
    unknown = [_printable(one) for one in wanted if one != EVERYTHING and one not in known]
    if unknown:
        raise Invalid("unknown-event-type", "; ".join(_suggestion(one, known) for one in unknown[:5]) + ".")


def _suggestion(unknown: str, known: Collection[str]) -> str:
    close = get_close_matches(unknown, sorted(known), n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else f'known are {", ".join(sorted(known))} and "*"'
    return f"There is no event type {unknown}: {hint}"


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)


def wants(event_types: Collection[str], event_type: str) -> bool:
    return EVERYTHING in event_types or event_type in event_types
