"""Standard Webhooks 1.0: what is signed, how, and how a receiver checks it (HMAC-SHA256, `v1`)."""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE = 300
LONGEST_HEADER = 4096

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"


class SignatureRefused(Exception):
    """The message is not what the holder of the secret sent just now."""


def written(secret: bytes) -> str:
    """A secret as people pass it on."""
    return PREFIX + b64encode(secret).decode()


def signed_headers(message_id: str, timestamp: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """The three headers of a message. One signature per secret, so that a receiver may change over in its own time."""
    signatures = " ".join(f"v1,{b64encode(_sign(message_id, timestamp, body, secret)).decode()}" for secret in secrets)
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: signatures}


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], *, now: float, tolerance: int = TOLERANCE) -> None:
    """Raises `SignatureRefused`, and nothing else whatever the headers hold. `now` and `tolerance` in seconds.

    `headers` has lower-case names. One good signature of one secret is enough; signatures of other versions are passed over.
    """
    message_id, timestamp = _header(headers, ID), _timestamp(_header(headers, TIMESTAMP))
    if abs(now - timestamp) > tolerance:
        raise SignatureRefused("the message is too old or from the future")
    expected = [_sign(message_id, timestamp, body, secret) for secret in secrets]
    for given in _signatures(_header(headers, SIGNATURE)):
        if any(hmac.compare_digest(given, one) for one in expected):
            return
    raise SignatureRefused("no signature fits")


def _sign(message_id: str, timestamp: int, body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, f"{message_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body, "sha256")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value or len(value) > LONGEST_HEADER:
        raise SignatureRefused(f"{name} is missing or too long")
    return value


def _timestamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise SignatureRefused("the timestamp is no number of seconds")
    return int(text)


def _signatures(text: str) -> list[bytes]:
    found = []
    for part in text.split(" "):
        version, _, signature = part.partition(",")
        if version == "v1":
            try:
                found.append(b64decode(signature, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found
