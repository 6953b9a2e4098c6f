"""The Kafka topics that the contracts name."""

import shared.events as _contracts
from shared.events.envelope import Event

TOPICS: tuple[str, ...] = tuple(sorted({contract.topic for contract in Event.registry.values()}))
COMPACTED = frozenset({"massline.assessment.policies", "massline.assessment.units"})
"""Topics that keep the newest event per key for ever: each event in them is a whole state."""
PARTITIONS = 6

__all__ = ["COMPACTED", "PARTITIONS", "TOPICS", "_contracts"]
