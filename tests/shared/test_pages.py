"""Keyset pages."""

from base64 import urlsafe_b64encode
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.pages import cut, decode_cursor, encode_cursor


@given(st.uuids())
def test_a_cursor_is_read_back(last: UUID) -> None:
    assert decode_cursor(encode_cursor(last)) == last


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor(None) is None


@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_garbage_is_refused_or_some_id_but_never_a_crash(cursor: str) -> None:
    with suppress(Invalid):
        assert isinstance(decode_cursor(cursor), UUID)


@given(st.text(st.characters(exclude_categories=("L", "N"), exclude_characters="-_+/=")))
def test_what_holds_no_base64_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(cursor)


def test_pages_join_without_gap_or_overlap() -> None:
    rows = sorted(uuid4() for _ in range(25))
    seen: list[UUID] = []
    cursor: str | None = None
    for expected in (10, 10, 5):
        after = decode_cursor(cursor)
        read = [row for row in rows if after is None or row > after][:11]
        page, cursor = cut(read, 10, lambda row: row)
        assert len(page) == expected
        seen.extend(page)
    assert (seen, cursor) == (rows, None)


def test_a_full_last_page_has_no_next() -> None:
    page, cursor = cut([uuid4()], 1, lambda row: row)
    assert (len(page), cursor) == (1, None)
