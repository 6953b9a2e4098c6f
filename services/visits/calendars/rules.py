"""Visits as an iCalendar (RFC 5545, RFC 7986).

Purpose and window only: a feed is fetched by calendar servers that are not ours, so no place and nobody's name goes with it.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

BACK = timedelta(days=30)
AHEAD = timedelta(days=180)
WIDTH = 75
"""Octets of a line, without its end."""
HEAD = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//massline//visits//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "NAME:Visits",
    "X-WR-CALNAME:Visits",
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
)
ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
SPECIAL = re.compile(r"[\\;,\n]")


class Entry(NamedTuple):
    id: UUID
    purpose: str
    starts_at: datetime
    ends_at: datetime
    planned_at: datetime


def write_calendar(entries: Iterable[Entry]) -> bytes:
    """The same for the same entries, to the byte."""
    lines = [*HEAD, *(line for entry in entries for line in _event(entry)), "END:VCALENDAR"]
    return b"".join(b"%b\r\n" % fold(line) for line in lines)


def _event(entry: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.id}"
    yield f"DTSTAMP:{_moment(entry.planned_at)}"
    yield f"DTSTART:{_moment(entry.starts_at)}"
    yield f"DTEND:{_moment(entry.ends_at)}"
    yield f"SUMMARY:{escape(entry.purpose)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def escape(text: str) -> str:
    return SPECIAL.sub(lambda found: ESCAPED[found[0]], text)


def fold(line: str) -> bytes:
    """In lines of at most `WIDTH` octets, broken between characters."""
    content = line.encode()
    pieces, start, width = [], 0, WIDTH
    while len(content) - start > width:
        end = start + width
        while content[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(content[start:end])
        start, width = end, WIDTH - 1
    return b"\r\n ".join([*pieces, content[start:]])
