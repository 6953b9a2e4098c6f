"""What a contact is, what may become of it, and who reads whom it is about."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from shared.errors import Conflict, Forbidden, Invalid
from shared.practices import VisitRhythm

DECIMALS = 3
"""About a hundred metres."""
RESPITE = timedelta(days=7)
"""Whoever chooses anew, or comes back, is not overdue at once: what went before was their wish."""
FEWEST_FOR_AGE = 5
"""A median of fewer contacts would say when one household was visited."""


class ContactKind(StrEnum):
    household = "household"
    group = "group"
    place = "place"


class Meeting(StrEnum):
    """Where the resident wants to be met."""

    home = "home"
    office = "office"
    public_place = "public_place"
    phone = "phone"


class Companion(StrEnum):
    """Whom the resident wants beside the visitor."""

    none = "none"
    neighbour = "neighbour"
    interpreter = "interpreter"
    colleague = "colleague"
    trusted_person = "trusted_person"


class ContactState(StrEnum):
    """`listed`: nobody has asked yet whether the resident wants visits."""

    listed = "listed"
    agreed = "agreed"
    refused = "refused"
    suspended = "suspended"
    ended = "ended"


class Choice(StrEnum):
    agree = "agree"
    refuse = "refuse"
    suspend = "suspend"
    resume = "resume"
    end = "end"


TRANSITIONS: Mapping[tuple[ContactState, Choice], ContactState] = {
    **{(state, Choice.agree): ContactState.agreed for state in ContactState if state is not ContactState.ended},
    **{(state, Choice.refuse): ContactState.refused for state in ContactState if state is not ContactState.ended},
    **{(state, Choice.end): ContactState.ended for state in ContactState if state is not ContactState.ended},
    (ContactState.agreed, Choice.suspend): ContactState.suspended,
    (ContactState.suspended, Choice.suspend): ContactState.suspended,
    (ContactState.suspended, Choice.resume): ContactState.agreed,
}
"""Whoever refused may be visited after all, if they say so; what has ended is over."""


def choose(state: ContactState, choice: Choice) -> ContactState:
    """The next state. Raises `Conflict` (contact-state)."""
    if (state, choice) not in TRANSITIONS:
        possible = [other for known, other in TRANSITIONS if known is state]
        raise Conflict("contact-state", f"The contact is {state}: possible now is {', '.join(possible) or 'nothing'}.")
    return TRANSITIONS[state, choice]


def next_due(agreed_at: datetime, last_contact_at: datetime | None, rhythm_days: int) -> datetime:
    """By when the next contact is owed: a rhythm counts from the last one, or from the agreement."""
    return (last_contact_at or agreed_at) + timedelta(days=rhythm_days)


def agreed_rhythm(policy: VisitRhythm, days: int | None, *, by_wish: bool) -> int:
    """How often a resident is visited who agrees to it: as usual where they say nothing. A visitor may not agree on less than the
    policy's rhythm; a resident may still want less. Raises `Invalid` (rhythm-too-long)."""
    if days is None:
        return policy.usual_days
    if days > policy.longest_days and not by_wish:
        raise Invalid(
            "rhythm-too-long",
            f"A visit at least every {policy.longest_days} days is the policy here: agree on that, or say `fewer_by_wish` where "
            "the resident wants fewer.",
        )
    return days


def due_anew(chosen_at: datetime, last_contact_at: datetime | None, rhythm_days: int) -> datetime:
    """By when it is owed after the resident has just chosen."""
    return max(next_due(chosen_at, last_contact_at, rhythm_days), chosen_at + RESPITE)


def check_asked_again(state: ContactState, *, leads: bool) -> None:
    """Nobody who was refused comes back with an agreement. Raises `Forbidden` (refused-before)."""
    if state is ContactState.refused and not leads:
        raise Forbidden("refused-before", "They refused before: if they have changed their mind, a lead writes it down.")


def reads_label(state: ContactState, *, leads: bool, visits: bool) -> bool:
    """Whether a caller in office reads whom a contact is about and where: leads always, and who `visits` as long as visits may be
    owed; that is whoever holds its post or, until it has one, wrote it down. Inspectors never need it."""
    return leads or (visits and state not in (ContactState.refused, ContactState.ended))
