"""What is kept of who spoke, before it is sealed. Pure."""

import json
from typing import NamedTuple

BLOCK = 256
"""Bytes: what is sealed is as long as a multiple of this, so that its length tells no name from another."""


class Identity(NamedTuple):
    """As a speaker gave it."""

    name: str
    contact: str | None


def write_identity(identity: Identity) -> bytes:
    written = json.dumps(identity, ensure_ascii=False).encode()
    return written.ljust(-(-len(written) // BLOCK) * BLOCK)


def read_identity(written: bytes) -> Identity:
    return Identity(*json.loads(written))
