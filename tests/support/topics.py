"""A Kafka bus for one test: topics and groups under a namespace of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from shared import events
from shared.bus.kafka import KafkaBus, create_topics
from shared.events.envelope import Event

PARTITIONS = 4

assert events.__all__, "importing the contracts fills the registry"


@asynccontextmanager
async def fresh_kafka_bus(bootstrap: str) -> AsyncIterator[KafkaBus]:
    namespace = f"test-{uuid4().hex[:12]}."
    topics = {namespace + event.topic for event in Event.registry.values()}
    await create_topics(bootstrap, sorted(topics), partitions=PARTITIONS, replicas=1, compacted=frozenset())
    bus = KafkaBus(bootstrap, client_id="massline-tests", namespace=namespace)
    try:
        yield bus
    finally:
        await bus.stop()
