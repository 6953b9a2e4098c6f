"""Apache Kafka as the bus: acks from all replicas, offsets committed only for what was delivered.

aiokafka's defaults lose data (commits on a timer, one ack, reading from the end), and an idempotent producer can hang for ever
when its broker is killed. So: everything explicit, every wait bounded, and a producer that failed is dropped, not mended.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from shared.bus import BusUnavailable, Deliver
from shared.clock import system_clock
from shared.events.envelope import MalformedEvent, Record, from_headers, to_headers

log = structlog.get_logger(__name__)

SEND_TIMEOUT = 20.0
START_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0
POLL_MS = 500
BATCH = 500
RETRY_PAUSE = 0.5
UNREADABLE = "unreadable"
NOWHERE = TopicPartition("nowhere", 0)
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
            await self._abandon_producer()
            raise BusUnavailable(f"{type(error).__name__} while publishing") from error
        except asyncio.CancelledError:
            await self._abandon_producer()
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

    async def _abandon_producer(self) -> None:
        """Without flushing: what it still holds is published again by its owner, through a new producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _abandon(producer)

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
            try:
                await self._consume_until_failure(group, topics, deliver)
            except FAILURES as error:
                log.warning("bus away, will come back", group=group, error=type(error).__name__)
            except NotTaken as error:
                log.error("batch not taken, will be delivered again", group=group, error=repr(error.__cause__))
            except Exception:
                log.exception("consumer failed, will start again", group=group)
            await asyncio.sleep(RETRY_PAUSE)

    async def _consume_until_failure(self, group: str, topics: Sequence[str], deliver: Deliver) -> None:
        consumer = AIOKafkaConsumer(
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
        partitions = _Partitions(consumer, deliver, len(self._namespace))
        consumer.subscribe([self._namespace + topic for topic in topics], listener=partitions)
        try:
            await asyncio.wait_for(consumer.start(), START_TIMEOUT)
            await partitions.watch()
        finally:
            await partitions.stop()
            await _stop_bounded(consumer)

    def ready(self) -> bool:
        return self._healthy

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop_bounded(producer)


async def _send(producer: AIOKafkaProducer, namespace: str, record: Record) -> "asyncio.Future[object]":
    """The time on the record is the event's own, so that the broker keeps no finer one, but never in the future: the
    broker would refuse it, and the relay would wait for ever for a clock that was once wrong."""
    stamp = min(record.time, system_clock())
    future: asyncio.Future[object] = await producer.send(
        namespace + record.topic,
        value=record.data,
        key=record.key.bytes,
        headers=to_headers(record),
        timestamp_ms=int(stamp.timestamp() * 1000),
    )
    return future


class NotTaken(Exception):
    """`deliver` raised: the batch counts as not delivered."""


class _Partitions(ConsumerRebalanceListener):  # type: ignore[misc]
    """One task per partition that this member holds, so that one which waits for another topic's event lets it come.

    A partition that is taken away is let go of first: what was being delivered is rolled back, and its new holder starts there.
    """

    def __init__(self, consumer: AIOKafkaConsumer, deliver: Deliver, prefix: int) -> None:
        self._consumer = consumer
        self._deliver = deliver
        self._prefix = prefix
        self._tasks: list[asyncio.Task[None]] = []

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._tasks = [asyncio.create_task(self._follow(place), name=f"{place.topic}-{place.partition}") for place in assigned]

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self.stop()

    async def stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def watch(self) -> None:
        """Raises what made a partition's task, or the membership itself, fail."""
        while True:
            await self._consumer.getmany(NOWHERE, timeout_ms=POLL_MS)  # reads nothing, but raises what ails the membership
            for task in self._tasks:
                if task.done():
                    task.result()

    async def _follow(self, place: TopicPartition) -> None:
        while True:
            batches = await self._consumer.getmany(place, timeout_ms=POLL_MS, max_records=BATCH)
            for messages in batches.values():
                await self._hand_over([_record(message, self._prefix) for message in messages])
                await self._consumer.commit({place: messages[-1].offset + 1})

    async def _hand_over(self, records: Sequence[Record]) -> None:
        try:
            await self._deliver(records)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise NotTaken from error  # a cancellation that nobody asked for is a failure like another
        except Exception as error:
            raise NotTaken from error


def _record(message: ConsumerRecord, prefix: int) -> Record:
    """A message that is no event of ours becomes an unreadable record, so that it is parked and not skipped unseen."""
    topic = message.topic[prefix:]
    data = message.value or b""
    try:
        return from_headers(dict(message.headers), topic=topic, data=data)
    except MalformedEvent:
        place = uuid5(NAMESPACE_OID, f"{message.topic}/{message.partition}/{message.offset}")
        return Record(id=place, type=UNREADABLE, key=UUID(int=0), time=system_clock(), topic=topic, data=data)


async def _stop_bounded(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    with suppress(*FAILURES):
        await asyncio.wait_for(client.stop(), STOP_TIMEOUT)


async def _abandon(producer: AIOKafkaProducer) -> None:
    """`stop()` would first flush, without end while the broker is away, and given up half way would leave its sender running."""
    producer._closed = True
    with suppress(*FAILURES, asyncio.CancelledError):
        async with asyncio.timeout(STOP_TIMEOUT):
            await producer._sender.close()
            await producer.client.close()


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
            answer = await admin.create_topics([topic])
            for _, code, *_ in answer.topic_errors:
                if code not in (NoError.errno, TopicAlreadyExistsError.errno):
                    raise BusUnavailable(f"topic {name} can not be made: {for_code(code).__name__}")
    finally:
        await admin.close()
