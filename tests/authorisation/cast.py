"""Who calls: every role at every place of a small tree, seen from the unit that owes the case (`own`)."""

from collections.abc import Iterable

TREE = (
    ("root", None, "province"),
    ("parent", "root", "county"),
    ("own", "parent", "township"),
    ("child", "own", "grassroots"),
    ("sibling", "parent", "township"),
    ("stranger", "root", "county"),
)
"""(unit, the unit above, level)"""
ABOVE = ("own", "parent", "root")
LINE = ("own", "child", "parent", "root")
PLACES = tuple(place for place, _, _ in TREE)

Callers = frozenset[str]


def at(roles: str | Iterable[str], places: str | Iterable[str]) -> Callers:
    """`official own`, `lead parent`, ...: the callers of these roles in these units."""
    roles, places = [[each] if isinstance(each, str) else list(each) for each in (roles, places)]
    return frozenset(f"{role} {place}" for role in roles for place in places)


OFFICIALS, LEADS, INSPECTORS = (at(role, PLACES) for role in ("official", "lead", "inspector"))
NOBODY = frozenset({"nobody"})
HOLDER = frozenset({"holder"})
"""Nobody, with the receipt of the case, or the card of the contact."""
SPEAKER = frozenset({"speaker"})
RESIDENTS = SPEAKER | {"resident"}
ADMIN = frozenset({"admin"})
STAFF = OFFICIALS | LEADS | ADMIN
OVERSEERS = STAFF | INSPECTORS
KNOWN = OVERSEERS | RESIDENTS
EVERYBODY = KNOWN | NOBODY
NO_ONE: Callers = frozenset()

WORKERS = at(("official", "lead"), "own") | ADMIN
LEADERS = at("lead", ABOVE) | ADMIN
IN_OFFICE = WORKERS | LEADERS | at("inspector", ABOVE)
READERS = IN_OFFICE | SPEAKER
"""Of a case of `own` that only it and its speaker have touched."""
