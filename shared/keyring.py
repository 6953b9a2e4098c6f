"""Keys for what must not be read where it is kept: words of protected cases, and who somebody is.

The first key seals; the others only open what was sealed before, until a job has sealed it anew. AES-256-GCM, each secret made
into a key of its own by HKDF (NIST SP 800-38D, RFC 5869).
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
SEALED = re.compile(r"\x02sealed:([A-Za-z0-9]{1,20}):([A-Za-z0-9+/=]+)")
"""How sealed text looks, and how nobody writes."""
KEY_ID = re.compile(r"[A-Za-z0-9]{1,20}")


class Unreadable(Exception):
    """Sealed with a key that is not here, for another place, or damaged."""


class Keyring:
    """`keys` by their ids, the newest first. What is sealed for one `place` cannot be opened as another's."""

    def __init__(self, keys: Mapping[str, str], pepper: str) -> None:
        self._ciphers = {key_id: AESGCM(_derive(secret)) for key_id, secret in keys.items()}
        self._pepper = pepper.encode()
        self.current = next(iter(keys), "")
        self.key_ids = list(keys)

    def seal(self, place: UUID, words: str) -> str:
        """As text that names its key."""
        sealed = base64.b64encode(self.seal_bytes(place, words.encode())).decode()
        return f"\x02sealed:{self.current}:{sealed}"

    def open(self, place: UUID, kept: str) -> str:
        """What was never sealed comes back as it is. Raises `Unreadable`."""
        found = SEALED.fullmatch(kept) if kept.startswith("\x02") else None
        if found is None:
            return kept
        key_id, sealed = found.groups()
        try:
            return self.open_bytes(place, key_id, base64.b64decode(sealed)).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Unreadable(key_id) from None

    def seal_bytes(self, place: UUID, content: bytes) -> bytes:
        """With the current key."""
        nonce = os.urandom(NONCE)
        return nonce + self._ciphers[self.current].encrypt(nonce, content, place.bytes)

    def open_bytes(self, place: UUID, key_id: str, sealed: bytes) -> bytes:
        """Raises `Unreadable`."""
        try:
            return self._ciphers[key_id].decrypt(sealed[:NONCE], sealed[NONCE:], place.bytes)
        except (KeyError, InvalidTag, ValueError):
            raise Unreadable(key_id) from None

    def alias(self, account_id: UUID) -> UUID:
        """What an account is called where it must not be known: always the same, and nothing without the pepper."""
        return _alias(self._pepper, account_id)

    def fingerprint(self, purpose: bytes, secret: bytes) -> bytes:
        """By which a secret is found again where it must not be kept: nothing without the pepper."""
        return hmac.digest(self._pepper, purpose + b" " + secret, "sha256")


@lru_cache(maxsize=10_000)
def _alias(pepper: bytes, account_id: UUID) -> UUID:
    return UUID(bytes=hmac.digest(pepper, b"alias " + account_id.bytes, "sha256")[:16], version=5)


def read_keys(written: str) -> dict[str, str]:
    """`id:secret,id:secret`, the newest first; one secret alone has the id `1`. Raises `ValueError`."""
    parts = [part.strip() for part in written.split(",") if part.strip()]
    pairs = [part.partition(":") if ":" in part else ("1", ":", part) for part in parts]
    keys = {key_id: secret for key_id, _, secret in pairs}
    if not keys or len(keys) < len(pairs) or not all(KEY_ID.fullmatch(key_id) and secret for key_id, secret in keys.items()):
        raise ValueError("must be `id:secret`, or `new:secret,old:secret`: an id has letters and digits, and none stands twice")
    return keys


def _derive(secret: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"massline keyring").derive(secret.encode())
