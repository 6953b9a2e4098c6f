"""The search finds what it is to find."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.privacy.marks import found_in, found_under

MARKS = {"latin": "xq-Mark-7741", "chinese": "井边的路灯坏了"}
HIDDEN: dict[str, Callable[[str], bytes]] = {
    "plain": lambda mark: mark.encode(),
    "utf-16": lambda mark: mark.encode("utf-16-le"),
    "escaped": lambda mark: ascii(mark).encode(),
    "hex": lambda mark: mark.encode().hex().encode(),
    "base64": lambda mark: base64.b64encode(mark.encode()),
    "base64 behind one": lambda mark: base64.b64encode(b"a" + mark.encode() + b"bc"),
    "base64 behind two": lambda mark: base64.b64encode(b"ab" + mark.encode() + b"c"),
    "upper case": lambda mark: mark.upper().encode(),
}


@pytest.mark.parametrize("way", HIDDEN)
@pytest.mark.parametrize("name", MARKS)
def test_a_mark_is_found_however_it_is_written(way: str, name: str, tmp_path: Path) -> None:
    content = b"before " + HIDDEN[way](MARKS[name]) + b" after"
    assert found_in(content, MARKS) == [name]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(content)
    assert found_under(tmp_path, MARKS) == {"folder/file": [name]}
    assert found_under(tmp_path, MARKS, but=["folder"]) == {}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / MARKS["latin"]).write_bytes(b"nothing")
    assert found_under(tmp_path, MARKS) == {MARKS["latin"]: ["latin"]}
    assert found_in(b"xq-Mark-774", MARKS) == []
