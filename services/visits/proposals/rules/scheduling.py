"""When a contact is first visited, so that no week asks more of a post than it can make while another has room. Pure."""

from collections.abc import Callable, Iterable, Sequence
from math import floor

from services.visits.proposals.rules.ground import WEEK, Contact, Ground, Post, Slot

WORKING_DAYS = 5


class Calendar:
    """The weeks of one post. `first_weekday` is that of the first day, Monday 0."""

    def __init__(self, post: Post, weeks: int, first_weekday: int) -> None:
        free = max(0.0, post.visits_per_week - post.owed)
        self._room = [floor((week + 1) * free) - floor(week * free) for week in range(weeks)]
        self._days = [day for day in range(WEEK) if (first_weekday + day) % WEEK < WORKING_DAYS]
        self._taken = 0

    def spread(self, contact: Contact) -> Slot:
        """In time, in the weeks that have most room; who is overdue as soon as there is any. Late rather than never."""
        in_time = range(contact.first_week, contact.last_week + 1)
        late = range(contact.last_week + 1, len(self._room))
        week = self._first_free(in_time, contact) if contact.due_in < 0 else self._freest(in_time, contact)
        if week is None:
            week = self._first_free(late, contact)
        return self._take(in_time[self._taken % len(in_time)] if week is None else week, contact)

    def in_turn(self, contact: Contact) -> Slot:
        """In the next week whose first visits do not fill it: what is dealt out in turn starts in turn."""
        week = next((week for week, room in enumerate(self._room) if room > 0), len(self._room))
        return self._take(week, contact)

    def _first_free(self, weeks: Iterable[int], contact: Contact) -> int | None:
        return next((week for week in weeks if self._least_room(week, contact) > 0), None)

    def _freest(self, weeks: Iterable[int], contact: Contact) -> int | None:
        room, week = max((self._least_room(week, contact), -week) for week in weeks)
        return -week if room > 0 else None

    def _least_room(self, week: int, contact: Contact) -> int:
        """In the weeks in which a contact comes round that is first visited in this one."""
        return min((self._room[each] for each in self._weeks(week, contact)), default=1)

    def _take(self, week: int, contact: Contact) -> Slot:
        slot = Slot(self._day(week), self._least_room(week, contact) > 0)
        if slot.held:
            for each in self._weeks(week, contact):
                self._room[each] -= 1
        self._taken += 1
        return slot

    def _day(self, week: int) -> int:
        return week * WEEK + self._days[self._taken % len(self._days)]

    def _weeks(self, week: int, contact: Contact) -> Iterable[int]:
        return [day // WEEK for day in range(self._day(week), len(self._room) * WEEK, contact.rhythm_days)]


def spread(ground: Ground, post_of: Sequence[int], weeks: int, first_weekday: int) -> list[Slot]:
    """Who is overdue or was never visited comes first, then who is due next; of these the nearest."""

    def urgency(contact: int) -> tuple[bool, int, float, int]:
        wanted = ground.contacts[contact]
        return wanted.contacted and wanted.due_in >= 0, wanted.due_in, ground.km[contact][post_of[contact]], contact

    order = sorted(range(len(post_of)), key=urgency)
    return _each(ground, post_of, order, weeks, first_weekday, Calendar.spread)


def start_in_turn(ground: Ground, post_of: Sequence[int], weeks: int, first_weekday: int) -> list[Slot]:
    """As many first visits a week as each post can make, in the order in which the contacts were dealt out."""
    return _each(ground, post_of, range(len(post_of)), weeks, first_weekday, Calendar.in_turn)


def _each(
    ground: Ground,
    post_of: Sequence[int],
    order: Iterable[int],
    weeks: int,
    first_weekday: int,
    take: Callable[[Calendar, Contact], Slot],
) -> list[Slot]:
    calendars = [Calendar(post, weeks, first_weekday) for post in ground.posts]
    slots = {contact: take(calendars[post_of[contact]], ground.contacts[contact]) for contact in order}
    return [slots[contact] for contact in range(len(post_of))]
