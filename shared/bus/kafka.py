"""Apache Kafka as the bus: acks from all replicas, offsets committed only for what was delivered.

aiokafka's defaults lose data (commits on a timer, one ack, reading from the end), and an idempotent producer can hang for ever
when its broker is killed. So: everything explicit, every wait bounded, and a producer that failed is dropped, not mended.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from shared.bus import BusUnavailable, Deliver
from shared.clock import system_clock
from shared.events.envelope import MalformedEvent, Record, from_headers, to_headers

log = structlog.get_logger(__name__)

SEND_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0
POLL_MS = 500
BATCH = 500
RETRY_PAUSE = 0.5
UNREADABLE = "unreadable"
FAILURES = (KafkaError, OSError, TimeoutError)


class KafkaBus:
    """`namespace` goes before every topic and group, so that several installations can share one cluster."""

    def __init__(self, bootstrap: str, *, client_id: str, namespace: str = "") -> None:
        self._bootstrap = bootstrap
        self._namespace = namespace
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None
        self._healthy = True

    async def publish(self, records: Sequence[Record]) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                producer = await self._started_producer()
                sent = [await _send(producer, self._namespace, record) for record in records]
                await asyncio.gather(*sent)
        except FAILURES as error:
            self._healthy = False
            await self._drop_producer()
            raise BusUnavailable(f"{type(error).__name__} while publishing") from error
        except asyncio.CancelledError:
            await self._drop_producer()
            raise
        self._healthy = True

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                request_timeout_ms=int(SEND_TIMEOUT * 500),
            )
            self._producer = producer
            await producer.start()
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop_bounded(producer)

    def subscribe(self, group: str, topics: Sequence[str], deliver: Deliver) -> AbstractAsyncContextManager[None]:
        return self._membership(group, topics, deliver)

    @asynccontextmanager
    async def _membership(self, group: str, topics: Sequence[str], deliver: Deliver) -> AsyncIterator[None]:
        task = asyncio.create_task(self._consume(group, topics, deliver), name=f"kafka-consumer-{group}")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _consume(self, group: str, topics: Sequence[str], deliver: Deliver) -> None:
        while True:
            consumer = AIOKafkaConsumer(
                *(self._namespace + topic for topic in topics),
                bootstrap_servers=self._bootstrap,
                client_id=self._client_id,
                group_id=self._namespace + group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                session_timeout_ms=10_000,
                heartbeat_interval_ms=3_000,
                max_poll_interval_ms=300_000,
            )
            try:
                await asyncio.wait_for(consumer.start(), SEND_TIMEOUT)
                while True:
                    await _take(consumer, deliver)
            except FAILURES as error:
                log.warning("bus away, will come back", group=group, error=type(error).__name__)
            except Exception as error:
                log.error("batch not taken, will be delivered again", group=group, error=type(error).__name__)
            finally:
                await _stop_bounded(consumer)
            await asyncio.sleep(RETRY_PAUSE)

    def ready(self) -> bool:
        return self._healthy

    async def stop(self) -> None:
        await self._drop_producer()


async def _send(producer: AIOKafkaProducer, namespace: str, record: Record) -> "asyncio.Future[object]":
    """The time on the record is the event's own, so that the broker keeps no finer one."""
    future: asyncio.Future[object] = await producer.send(
        namespace + record.topic,
        value=record.data,
        key=record.key.bytes,
        headers=to_headers(record),
        timestamp_ms=int(record.time.timestamp() * 1000),
    )
    return future


async def _take(consumer: AIOKafkaConsumer, deliver: Deliver) -> None:
    batches: dict[TopicPartition, list[ConsumerRecord]] = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
    for partition, messages in batches.items():
        await deliver([_record(message) for message in messages])
        await consumer.commit({partition: messages[-1].offset + 1})


def _record(message: ConsumerRecord) -> Record:
    """A message that is no event of ours becomes an unreadable record, so that it is parked and not skipped unseen."""
    data = message.value or b""
    try:
        return from_headers(dict(message.headers), topic=message.topic, data=data)
    except MalformedEvent:
        place = uuid5(NAMESPACE_OID, f"{message.topic}/{message.partition}/{message.offset}")
        return Record(id=place, type=UNREADABLE, key=UUID(int=0), time=system_clock(), topic=message.topic, data=data)


async def _stop_bounded(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    with suppress(*FAILURES):
        await asyncio.wait_for(client.stop(), STOP_TIMEOUT)


async def create_topics(
    bootstrap: str, topics: Sequence[str], *, partitions: int, replicas: int, compacted: frozenset[str]
) -> None:
    """Make the topics that are missing; leave those that exist as they are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        for name in sorted(set(topics) - existing):
            config = {"cleanup.policy": "compact"} if name in compacted else {}
            topic = NewTopic(name, num_partitions=partitions, replication_factor=replicas, topic_configs=config)
            with suppress(TopicAlreadyExistsError):
                await admin.create_topics([topic])
    finally:
        await admin.close()
