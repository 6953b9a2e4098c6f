"""Marks that are unlike anything else, and the search for them in whatever a program wrote."""

import base64
import json
import mmap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

Mark = str | bytes


def written(mark: Mark) -> Iterator[bytes]:
    """How a mark may stand in a file: plain in several alphabets, escaped, in hexadecimal, in base 64 at any offset; bytes as
    they are."""
    if isinstance(mark, bytes):
        yield mark
        return
    for plain in {mark, mark.lower(), mark.upper()}:
        yield plain.encode()
        yield from (plain.encode(wide) for wide in ("utf-16-le", "utf-16-be", "utf-32-le"))
        yield json.dumps(plain)[1:-1].encode()
        yield quote(plain).encode()
        yield plain.encode().hex().encode()
        yield plain.encode().hex().upper().encode()
        yield plain.encode("utf-16-be").hex().encode()
        for offset in range(3):
            yield _base64_inside(plain.encode(), offset)


def _base64_inside(content: bytes, offset: int) -> bytes:
    """The characters that `content` surely makes, when it stands `offset` bytes behind a multiple of three."""
    encoded = base64.b64encode(b"\0" * offset + content)
    first = -(-offset * 8 // 6)
    return encoded[first : (offset + len(content)) * 8 // 6]


def found_in(content: bytes | mmap.mmap, marks: Mapping[str, Mark]) -> list[str]:
    """The names of the marks that stand in it."""
    return [name for name, mark in marks.items() if any(content.find(form) >= 0 for form in set(written(mark)))]


def found_under(folder: Path, marks: Mapping[str, Mark], *, but: Iterable[str] = ()) -> dict[str, list[str]]:
    """File -> the marks in it, or in its name. `but` names parts of paths that are left out."""
    found = {}
    for file in sorted(folder.rglob("*")):
        path = str(file.relative_to(folder))
        if not file.is_file() or any(part in path for part in but):
            continue
        names = found_in(path.encode(), marks) + _found_in_file(file, marks)
        if names:
            found[path] = names
    return found


def _found_in_file(file: Path, marks: Mapping[str, Mark]) -> list[str]:
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return found_in(content, marks)
    except (ValueError, FileNotFoundError):  # empty, or gone meanwhile
        return []
