"""A request as the bytes that go over the wire, and what can become of it there."""

import re
from typing import NamedTuple

FRAMING = frozenset({b"connection", b"content-length", b"expect", b"host", b"te", b"transfer-encoding", b"upgrade"})
JOINED = 65_536
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

_METHOD = re.compile(r"[A-Z][A-Z-]*")
_UNSAFE = re.compile(rb"[^!-~]")

Headers = list[tuple[bytes, bytes]]


class WireError(Exception):
    """No answer, or only a part of one."""


class Malformed(WireError):
    """The request cannot be written as HTTP; nothing was sent."""


class Unreachable(WireError):
    """No connection; nothing was sent."""


class Silent(WireError):
    """Nothing moved for too long. Whether the service acted is unknown."""


class Broken(WireError):
    """The connection ended too early, or what came is not HTTP. Whether the service acted is unknown."""


class Stale(Broken):
    """A connection that had served before ended without one byte of an answer: most likely the service had just closed it."""


class Call(NamedTuple):
    """A request as bytes: `content`, and `rest` of a body that is too large to be copied behind its head. `repeatable`: nothing
    is lost if it arrives twice."""

    content: bytes
    head_only: bool
    repeatable: bool
    rest: bytes = b""


def make_call(method: str, target: bytes, host: bytes, headers: Headers, body: bytes = b"") -> Call:
    """What frames the message is written here, whatever `headers` says about it. Raises `Malformed`."""
    if not _METHOD.fullmatch(method):
        raise Malformed("the method is no method")
    target = _UNSAFE.sub(_percent, target)
    lines = [b"%b %b HTTP/1.1\r\nhost: %b" % (method.encode(), target, host)]
    lines += [b"%b: %b" % header for header in headers if header[0] not in FRAMING]
    if body or method not in IDEMPOTENT:
        lines.append(b"content-length: %d" % len(body))
    head = b"\r\n".join(lines)
    if not head.count(b"\n") == head.count(b"\r") == len(lines) or b"\0" in head:
        raise Malformed("a header would end its line")
    repeatable = method in IDEMPOTENT or (method == "POST" and any(name == b"idempotency-key" for name, _ in headers))
    joined, rest = (body, b"") if len(body) <= JOINED else (b"", body)
    return Call(b"%b\r\n\r\n%b" % (head, joined), method == "HEAD", repeatable, rest)


def _percent(unsafe: re.Match[bytes]) -> bytes:
    return b"%%%02X" % unsafe[0][0]
