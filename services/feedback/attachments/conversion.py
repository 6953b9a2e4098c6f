"""Sending a file through the sandbox: what comes back is a new file that was made here, or why there is none."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from services.feedback.attachments.rules import BECOMES, Caps, FileType, Format, Refusal, format_of
from shared.errors import Invalid

log = structlog.get_logger(__name__)

SANDBOX = Path(__file__).with_name("sandbox.py")
COMMAND = (sys.executable, "-I", "-B", str(SANDBOX))
AT_ONCE = 2
SECONDS = 9
"""For one file. One that waits and one that runs take less than a gateway waits for an answer."""
MEMORY = 671_088_640
"""Address space of the sandbox, in bytes: a JPEG picture of 40 million pixels needs 350 MiB."""
HEAD = 1_000


class _Facts(msgspec.Struct, frozen=True):
    sizes: list[int]
    refused: Refusal | None = None
    width: int | None = None
    height: int | None = None
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """`thumbnail` is a JPEG picture."""

    type: FileType
    width: int | None
    height: int | None
    pages: int | None
    content: bytes
    thumbnail: bytes | None


class Converter:
    """Never more than `AT_ONCE` files are open, each in a process of its own that may take so much time and memory."""

    def __init__(self, caps: Caps, *, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        self._caps = caps
        self._command = command
        self._seconds = seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def convert(self, content: bytes) -> Converted:
        """Raises `Invalid`, which says what is wrong with the file."""
        if len(content) > self._caps.size:
            raise Invalid("file-too-large", f"The file is too large: at most {self._caps.size} bytes.")
        format = format_of(content)
        async with self._turns:
            made = await self._sent_through(content, format)
        facts, parts = _taken_apart(made)
        if facts.refused is not None:
            raise self._caps.refused(facts.refused)
        thumbnail = parts[1] if len(parts) > 1 else None
        return Converted(BECOMES[format], facts.width, facts.height, facts.pages, parts[0], thumbnail)

    async def _sent_through(self, content: bytes, format: Format) -> bytes:
        limits = {"format": format, "pixels": self._caps.pixels, "pages": self._caps.pages, "bytes": self._most}
        said = json.dumps({**limits, "memory": MEMORY, "seconds": SECONDS})
        process = await asyncio.create_subprocess_exec(*self._command, said, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={})
        try:
            async with asyncio.timeout(self._seconds):
                return await _talk(process, content, self._most + HEAD)
        except TimeoutError:
            raise self._caps.refused(Refusal.too_slow) from None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    @property
    def _most(self) -> int:
        """A cleaned file may be larger than it came."""
        return 2 * self._caps.size


async def _talk(process: Process, content: bytes, most: int) -> bytes:
    """What the program answers; nothing of an answer that is longer than it may be."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(ConnectionError):
        process.stdin.write(content)
        await process.stdin.drain()
    process.stdin.close()
    answer = bytearray()
    while len(answer) <= most and (piece := await process.stdout.read(65_536)):
        answer += piece
    return bytes(answer) if len(answer) <= most else b""


def _taken_apart(made: bytes) -> tuple[_Facts, list[bytes]]:
    """A program that died half way, or says something else than it should, has read a file that is made to break it."""
    head, _, rest = made.partition(b"\n")
    try:
        facts = msgspec.json.decode(head, type=_Facts)
        if sum(facts.sizes) != len(rest) or not (facts.sizes or facts.refused):
            raise ValueError
    except ValueError:
        log.warning("the sandbox broke off")
        return _Facts(sizes=[], refused=Refusal.unreadable), []
    parts = []
    for size in facts.sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    return facts, parts
