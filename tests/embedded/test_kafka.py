import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from shared.embedded import LifeLock
from shared.embedded.kafka import EmbeddedKafka, EmbeddedKafkaError, kafka_unavailable_reason
from tests.embedded.owner import Owner

TOPIC = "feedback.opinions"


@pytest.fixture(scope="module")
def kafka() -> None:
    """A machine that can run Kafka; CI must be one."""
    reason = kafka_unavailable_reason()
    if reason is not None and os.environ.get("CI") == "true":
        pytest.fail(f"no Kafka in CI: {reason}")
    if reason is not None:
        pytest.skip(f"no Kafka: {reason}")


async def with_admin(bootstrap: str, use: Callable[[AIOKafkaAdminClient], Awaitable[object]]) -> object:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return await use(admin)
    finally:
        await admin.close()


def make_topic(bootstrap: str) -> None:
    topic = NewTopic(TOPIC, num_partitions=1, replication_factor=1)
    asyncio.run(with_admin(bootstrap, lambda admin: admin.create_topics([topic])))


def topics(bootstrap: str) -> object:
    return asyncio.run(with_admin(bootstrap, lambda admin: admin.list_topics()))


def send(bootstrap: str, word: bytes, topic: str = TOPIC) -> None:
    async def produce() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=2000)
        try:
            await producer.start()
            await producer.send_and_wait(topic, word)
        finally:
            await producer.stop()

    asyncio.run(produce())


def words(bootstrap: str, count: int) -> list[bytes]:
    """All that a consumer group, which has committed nothing, reads from the start."""

    async def consume() -> list[bytes]:
        consumer = AIOKafkaConsumer(
            TOPIC, bootstrap_servers=bootstrap, group_id="tests", auto_offset_reset="earliest", enable_auto_commit=False
        )
        async with consumer:
            return [(await consumer.getone()).value for _ in range(count)]

    return asyncio.run(asyncio.wait_for(consume(), 30))


def lives(folder: Path) -> bool:
    return LifeLock(folder / "server.lock").held()


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")
def test_messages_survive_stop_start_kill_and_restart(tmp_path: Path) -> None:
    with EmbeddedKafka.start(tmp_path) as first:
        make_topic(first.bootstrap)
        send(first.bootstrap, b"one")
    assert not lives(tmp_path)
    with EmbeddedKafka.start(tmp_path) as second:
        assert second.bootstrap == first.bootstrap
        send(second.bootstrap, b"two")
        assert words(second.bootstrap, 2) == [b"one", b"two"]
        killed = second.pid
        second.kill()
        assert not lives(tmp_path)
        second.restart()
        assert second.pid != killed
        assert second.bootstrap == first.bootstrap
        send(second.bootstrap, b"three")
        assert words(second.bootstrap, 3) == [b"one", b"two", b"three"]
    second.stop()
    assert not lives(tmp_path)


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")
def test_topics_are_made_by_hand_only_and_a_pause_loses_nothing(tmp_path: Path) -> None:
    with EmbeddedKafka.start(tmp_path) as server:
        with pytest.raises(KafkaError):
            send(server.bootstrap, b"lost", topic="typo")
        assert topics(server.bootstrap) == []
        make_topic(server.bootstrap)
        server.pause()
        with pytest.raises(KafkaError):
            send(server.bootstrap, b"never")
        server.resume()
        send(server.bootstrap, b"one")
        assert words(server.bootstrap, 1) == [b"one"]
        server.pause()
    assert not lives(tmp_path)
    with pytest.raises(EmbeddedKafkaError, match="not running"):
        server.pause()


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")
def test_attaches_to_the_broker_of_a_killed_owner_and_stops_it(tmp_path: Path) -> None:
    owners = [Owner("kafka", tmp_path) for _ in range(2)]
    try:
        bootstraps = {owner.address() for owner in owners}
        os.killpg(owners[0].process.pid, signal.SIGINT)
    finally:
        for owner in owners:
            owner.kill()
    assert len(bootstraps) == 1
    running = int((tmp_path / "pid").read_text())
    with EmbeddedKafka.start(tmp_path) as server:
        assert server.pid == running
        assert {server.bootstrap} == bootstraps
        make_topic(server.bootstrap)
        assert topics(server.bootstrap) == [TOPIC]
    assert not lives(tmp_path)


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")
def test_ports_that_are_taken_are_replaced_unless_wanted(tmp_path: Path) -> None:
    with EmbeddedKafka.start(tmp_path) as server:
        make_topic(server.bootstrap)
    old, controller = int((tmp_path / "port").read_text()), int((tmp_path / "controller-port").read_text())
    with socket.create_server(("127.0.0.1", old)), socket.create_server(("127.0.0.1", controller)):
        with pytest.raises(EmbeddedKafkaError, match=f"{old} is taken"):
            EmbeddedKafka.start(tmp_path, port=old)
        with EmbeddedKafka.start(tmp_path) as server:
            assert server.bootstrap != f"127.0.0.1:{old}"
            assert topics(server.bootstrap) == [TOPIC]


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")
def test_a_failed_start_shows_the_output(tmp_path: Path) -> None:
    empty = tmp_path / "jars"
    empty.mkdir()
    with pytest.raises(EmbeddedKafkaError, match="StorageTool"):
        EmbeddedKafka.start(tmp_path / "kafka", jars=empty)
    assert not lives(tmp_path / "kafka")


def test_a_machine_without_java_gets_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "no Java 17" in (kafka_unavailable_reason() or "")


def test_a_machine_without_maven_gets_a_reason_unless_jars_are_there(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = kafka_unavailable_reason() or ""
    assert "no Maven" in reason
    Path(reason.rsplit(" ", 1)[1]).mkdir(parents=True)
    assert kafka_unavailable_reason() is None
