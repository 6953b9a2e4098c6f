"""What travels between services: a contract (the facts) in an envelope (which fact, when, about what).

A contract is a frozen class with a `type` of the form `massline.<service>.<noun>.<past-verb>.v<n>`. It carries ids, codes
and numbers, never what a resident wrote, is called or can be reached by. A breaking change is a new class with `.v<n+1>`.
"""

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError


class Event(BaseModel):
    """Base of every contract. `key_field` names the field whose value orders events: same key, same order everywhere."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    key_field: ClassVar[str]
    topic: ClassVar[str]

    registry: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, *, type: str = "", key: str = "", topic: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not type:
            return
        prefix, service, noun, verb, version = type.split(".")
        if prefix != "massline" or not (noun and verb) or not version.startswith("v"):
            raise ValueError(f"{type} is not massline.<service>.<noun>.<past-verb>.v<n>")
        if type in Event.registry:
            raise ValueError(f"{type} is declared twice")
        cls.type = type
        cls.key_field = key
        cls.topic = topic or f"massline.{service}"
        Event.registry[type] = cls

    @property
    def key(self) -> UUID:
        value: UUID = getattr(self, self.key_field)
        return value

    @classmethod
    def service(cls) -> str:
        return cls.type.split(".")[1]

    def before(self) -> "Event | None":
        """The same fact in the version before this one, for those who do not know this one yet; None if it cannot say it.

        Both are published until nobody consumes the older one.
        """
        return None

    def versions(self) -> "list[Event]":
        """The fact in every version that is still published, the oldest first."""
        before = self.before()
        return [*(before.versions() if before is not None else ()), self]


class UnknownEvent(Exception):
    """The type has no contract here."""


class MalformedEvent(Exception):
    """The data do not fulfil the contract of their type."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event as it travels: `data` is the contract's JSON, untouched until a handler wants it."""

    id: UUID
    type: str
    key: UUID
    time: datetime
    topic: str
    data: bytes
    traceparent: str = ""

    def event(self) -> Event:
        """The contract's instance. Raises `UnknownEvent` or `MalformedEvent`."""
        contract: builtins.type[Event] | None = Event.registry.get(self.type)
        if contract is None:
            raise UnknownEvent(self.type)
        try:
            return contract.model_validate_json(self.data)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, e["loc"])) or e["type"] for e in error.errors(include_input=False))
            raise MalformedEvent(f"{self.type}: {fields}") from None

    @property
    def source(self) -> str:
        return "/" + "/".join(self.type.split(".")[:2])


SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"


def to_headers(record: Record) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, binary mode of the Kafka protocol binding."""
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", str(record.id)),
        ("ce_source", record.source),
        ("ce_type", record.type),
        ("ce_subject", str(record.key)),
        ("ce_time", _rfc3339(record.time)),
        ("content-type", CONTENT_TYPE),
    ]
    if record.traceparent:
        headers.append(("ce_traceparent", record.traceparent))
    return [(name, value.encode()) for name, value in headers]


def from_headers(headers: Mapping[str, bytes], *, topic: str, data: bytes) -> Record:
    """The inverse of `to_headers`. Raises `MalformedEvent` on a message that is no CloudEvent of ours."""
    try:
        record = Record(
            id=UUID(headers["ce_id"].decode()),
            type=headers["ce_type"].decode(),
            key=UUID(headers["ce_subject"].decode()),
            time=datetime.fromisoformat(headers["ce_time"].decode()).astimezone(UTC),
            topic=topic,
            data=data,
            traceparent=headers.get("ce_traceparent", b"").decode(),
        )
    except (KeyError, ValueError, AttributeError, OverflowError) as error:
        raise MalformedEvent(f"not a CloudEvent: {type(error).__name__}") from None
    if not (record.type.isprintable() and record.traceparent.isprintable()):
        raise MalformedEvent("not a CloudEvent: unprintable headers")
    return record


def structured(record: Record) -> bytes:
    """CloudEvents 1.0, structured JSON mode: the body of a webhook."""
    head = (
        f'{{"specversion":"{SPEC_VERSION}","id":"{record.id}","source":"{record.source}","type":"{record.type}",'
        f'"subject":"{record.key}","time":"{_rfc3339(record.time)}","datacontenttype":"{CONTENT_TYPE}","data":'
    )
    return head.encode() + record.data + b"}"


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
