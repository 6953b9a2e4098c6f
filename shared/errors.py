"""Business errors: named, with a stable slug, and a kind that says what the caller may do about it.

DomainError
├── Invalid           the request contradicts a rule; change it
├── Unauthenticated   say who you are
├── Forbidden         you are known, and may not
├── NotFound          no such thing, or none that you may see: the two are answered alike
├── Conflict          the thing is in another state than the request assumes
├── Outdated          the thing was changed since it was read; read it again
├── Gone              it was there once
├── TooMany           slow down
├── Unproven          send it again with the proof that it needs
└── Unavailable       a part is missing for the moment; try again

Only `shared.http` knows their HTTP statuses, and only `shared.consumer` knows which are worth a retry.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})


class DomainError(Exception):
    """`slug` is stable and public; `detail` says, in a sentence, what is wrong and what to do.

    `retry_after`: seconds after which it is worth trying again, where that is known; `more`: what the answer carries besides.
    """

    kind: ClassVar[str] = "error"

    def __init__(self, slug: str, detail: str, *, retry_after: int | None = None, more: Mapping[str, Any] = NOTHING_MORE) -> None:
        super().__init__(f"{slug}: {detail}")
        self.slug = slug
        self.detail = detail
        self.retry_after = retry_after
        self.more = more


class Invalid(DomainError):
    kind = "invalid"


class Unauthenticated(DomainError):
    kind = "unauthenticated"


class Forbidden(DomainError):
    kind = "forbidden"


class NotFound(DomainError):
    kind = "not-found"


class Conflict(DomainError):
    kind = "conflict"


class Outdated(DomainError):
    kind = "outdated"


class Gone(DomainError):
    kind = "gone"


class TooMany(DomainError):
    kind = "too-many"


class Unproven(DomainError):
    kind = "unproven"


class Unavailable(DomainError):
    kind = "unavailable"


def check_version(assumed: int, version: int) -> None:
    """What a change assumes that it changes. Raises `Outdated` (changed-meanwhile)."""
    if assumed != version:
        raise Outdated(
            "changed-meanwhile", "This was changed after you read it: read it again and send its new ETag as If-Match."
        )
