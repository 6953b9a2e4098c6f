"""How long a receipt opens a case that has ended, and how long its words are kept. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.feedback.cases.rules import Channel
from services.feedback.retaliation.rules import WATCH


class End(StrEnum):
    """What comes to its end."""

    access = "access"
    words = "words"


Days = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """Days from the end of a case, by channel. `words` of protected cases, `named_words` of the others."""

    access: Days
    words: Days
    named_words: Days

    def of(self, end: End, *, protected: bool) -> Days:
        if end is End.access:
            return self.access
        return self.words if protected else self.named_words

    def ended_before(self, end: End, now: datetime) -> Iterator[tuple[str, bool, datetime]]:
        """(channel, whether protected, the moment): what ended before it has come to this end."""
        for protected in (True, False):
            for channel, days in self.of(end, protected=protected).items():
                yield channel, protected, now - timedelta(days=days)


ACCESS: dict[str, int] = dict.fromkeys(Channel, 180)
WORDS: dict[str, int] = {**dict.fromkeys(Channel, 365), Channel.public_opinion: 730}
NAMED_WORDS: dict[str, int] = dict.fromkeys(Channel, 1825)
"""Words of a protected case go after a year, on the channel of reports after two, because proceedings last longer; words that
somebody stands by with their name stay for five, so that a unit can be held to what it answered."""
SHORTEST_ACCESS = WATCH.days
"""A speaker must be able to come back for as long as they are watched over."""


def check_terms(terms: Terms) -> None:
    """Raises `ValueError`."""
    for channel in Channel:
        access = terms.access[channel]
        if access < SHORTEST_ACCESS:
            raise ValueError(
                f"a receipt must open a case for {SHORTEST_ACCESS} days or more after its end: {channel} has {access}"
            )
        if min(terms.words[channel], terms.named_words[channel]) < access:
            raise ValueError(f"words cannot go before access to them ends, after {access} days: {channel}")
