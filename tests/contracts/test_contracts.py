"""What is published is a promise: contracts do not change, say who needs them, and carry nothing about a person."""

import json
import re
from datetime import date, datetime
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import BaseModel

from shared.events.envelope import Event
from tests.contracts.contracts import COMMAND, SNAPSHOTS, contracts, path_of, snapshot_of

CONTRACTS = contracts()
every_contract = pytest.mark.parametrize("event", CONTRACTS.values(), ids=CONTRACTS.keys())

TYPE = re.compile(r"massline\.(feedback|visits|assessment|gateway)\.([a-z]+(?:-[a-z]+)*)\.([a-z]+(?:-[a-z]+)?)\.v([1-9][0-9]*)")
IRREGULAR = frozenset(
    {
        "sent",
        "set",
        "met",
        "made",
        "held",
        "given",
        "found",
        "begun",
        "put",
        "won",
        "lost",
        "kept",
        "spoken",
        "cut",
        "done",
        "withdrawn",
        "left",
        "broken",
    }
)
NUMBERS = (UUID, int, float, bool, datetime, date)

CODES = frozenset(
    {
        "assistance",
        "category",
        "channel",
        "kind",
        "protection",
        "outcome",
        "role",
        "reason",
        "indicator",
        "sector",
        "topic",
        "rule",
        "method",
        "source",
    }
)
"""Text fields whose values come from a closed list that is not an enumeration of the kernel: `code`s, never prose."""
HASHES = frozenset({"root", "seal", "hash"})
"""Digits of a hash that is published anyway."""
UNIT_TEXT = frozenset({"code", "name", "path", "level"})
"""A unit is an office and has a public name; this is the only contract whose fields may hold one."""
PERSONAL = re.compile(
    r"(^|_)(name|title|body|text|words|message|comment|note|phone|email|mail|address|contact|ip|agent|latitude|longitude|"
    r"location|birth|gender|age|receipt|password|token)(_|$)(?!id$)"
)


def test_there_are_contracts() -> None:
    assert len(CONTRACTS) >= 10


@every_contract
def test_a_contract_is_what_it_was(event: type[Event]) -> None:
    path = path_of(event.type)
    assert path.exists(), f"{event.type} is new: run `{COMMAND}` and commit the snapshot that it writes"
    assert snapshot_of(event) == json.loads(path.read_text()), (
        f"{event.type} has changed. What others rely on stays as it is: add the new shape as {_next(event.type)} beside it, "
        f"publish both until nobody consumes the old one, and run `{COMMAND}`"
    )


@pytest.mark.parametrize("path", sorted(SNAPSHOTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_contract_is_not_taken_away(path: Any) -> None:
    assert path.stem in CONTRACTS, f"{path.stem} was published: keep it, and add {_next(path.stem)} if it needs another shape"


def _next(type: str) -> str:
    stem, version = type.rsplit(".v", 1)
    return f"{stem}.v{int(version) + 1}"


@every_contract
def test_a_type_tells_service_noun_verb_and_version(event: type[Event]) -> None:
    match = TYPE.fullmatch(event.type)
    assert match, f"{event.type} is not massline.<service>.<noun>.<past-verb>.v<n>"
    service, noun, verb, version = match.groups()
    assert event.__module__ == f"shared.events.{service}"
    past, *_ = verb.split("-")  # handed-over
    assert past.endswith("ed") or past in IRREGULAR, f"{verb} is not a past verb"
    words = "".join(part.title() for part in (*noun.split("-"), *verb.split("-")))
    assert event.__name__ == words + ("" if version == "1" else f"V{version}")


@every_contract
def test_a_contract_has_a_key_and_the_topic_of_its_service(event: type[Event]) -> None:
    assert event.model_fields[event.key_field].annotation is UUID
    assert event.topic == f"massline.{event.service()}" or event.topic.startswith(f"massline.{event.service()}.")


@every_contract
def test_a_contract_is_frozen_and_lets_later_fields_pass(event: type[Event]) -> None:
    assert event.model_config["frozen"] is True
    assert event.model_config["extra"] == "ignore"


@every_contract
def test_a_contract_says_when_key_and_for_whom(event: type[Event]) -> None:
    words = event.__doc__ or ""
    for part in ("When:", "Key:", "Consumed by|Sent to"):
        assert re.search(part, words), f"{event.__name__} does not say `{part}`"


@every_contract
def test_a_contract_carries_ids_codes_and_numbers_and_nothing_about_a_person(event: type[Event]) -> None:
    office = event.type.startswith("massline.assessment.unit.")
    for name, kind in _fields(event):
        if kind is str:
            allowed = name.endswith("_code") or name in CODES | HASHES or (office and name in UNIT_TEXT)
            assert allowed, f"{event.__name__}.{name} is free text: carry an id, a number or an enumeration instead"
        else:
            assert _is_plain(kind), f"{event.__name__}.{name} is a {kind}: use ids, enumerations, numbers, times"
        assert office or not PERSONAL.search(name), f"{event.__name__}.{name} sounds like a person's"


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, (*NUMBERS, Enum))


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    """Every field with every type that it may hold, through unions, lists and models within."""
    return [(name, kind) for name, field in model.model_fields.items() for kind in _kinds(field.annotation, name)]


def _kinds(annotation: Any, name: str) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0], name)
    if origin is Literal:
        return [bool]
    if origin in (Union, UnionType, tuple, list, frozenset):
        return [kind for part in get_args(annotation) if part not in (type(None), ...) for kind in _kinds(part, name)]
    if origin is dict:
        return [kind for part in get_args(annotation) for kind in _kinds(part, name)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = _fields(annotation)
        assert all(kind is not str or field in CODES or field.endswith("_code") for field, kind in inner), f"text within {name}"
        return [kind for _, kind in inner if kind is not str]
    return [annotation]
