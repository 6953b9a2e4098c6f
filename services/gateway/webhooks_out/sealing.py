"""Signing secrets at rest: readable only with the key from the settings, and only in the row they were written for."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.gateway.webhooks_out.rules.signing import SECRET_BYTES

NONCE = 12


class SecretUnreadable(Exception):
    """Sealed with another key, for another endpoint, or damaged."""


class SecretBox:
    """AES-256-GCM; the endpoint's id is bound in."""

    def __init__(self, key: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"massline webhook secrets").derive(key.encode())
        self._cipher = AESGCM(derived)

    def seal(self, endpoint_id: UUID, secret: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, endpoint_id.bytes)

    def open(self, endpoint_id: UUID, sealed: bytes) -> bytes:
        """Raises `SecretUnreadable`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], endpoint_id.bytes)
        except (InvalidTag, ValueError):
            raise SecretUnreadable from None


def new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)
