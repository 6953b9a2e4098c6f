"""The event contracts as JSON schemas. After adding one: `python -m tests.contracts.contracts` writes its snapshot."""

import json
from pathlib import Path
from typing import Any

from shared import events
from shared.events.envelope import Event

SNAPSHOTS = Path(__file__).parent / "snapshots"
COMMAND = "python -m tests.contracts.contracts"


def contracts() -> dict[str, type[Event]]:
    """The product's contracts by type, without those that tests declare."""
    return {type: event for type, event in Event.registry.items() if event.__module__.startswith(events.__name__ + ".")}


def snapshot_of(event: type[Event]) -> dict[str, Any]:
    """What a consumer relies on; words that explain are not part of it."""
    schema = event.model_json_schema()
    return {"type": event.type, "topic": event.topic, "key": event.key_field, "schema": _without_words(schema)}


def _without_words(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _without_words(value) for name, value in node.items() if name not in ("description", "title")}
    return [_without_words(value) for value in node] if isinstance(node, list) else node


def path_of(type: str) -> Path:
    return SNAPSHOTS / f"{type}.json"


def write_missing() -> list[str]:
    """Write the snapshots of new contracts; never touches one that exists."""
    SNAPSHOTS.mkdir(exist_ok=True)
    new = [type for type in sorted(contracts()) if not path_of(type).exists()]
    for type in new:
        path_of(type).write_text(json.dumps(snapshot_of(contracts()[type]), indent=2, sort_keys=True) + "\n")
    return new


if __name__ == "__main__":
    for written in write_missing():
        print(f"new contract: {written}")
