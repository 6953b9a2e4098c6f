import asyncio
import json
from base64 import b64decode
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import func, select

from services.gateway.webhooks_out.actions import CHANNEL
from services.gateway.webhooks_out.models import WebhookDelivery
from services.gateway.webhooks_out.rules.signing import PREFIX, verify
from shared.db import Database
from tests.gateway.support import Gateway, open_gateway
from tests.gateway.webhooks_out.conftest import CREATED, Post, Work, make_record
from tests.gateway.webhooks_out.hostile import Hostile, Message
from tests.support.clock import ManualClock
from tests.support.eventually import eventually


def secret_of(webhook: dict[str, Any]) -> bytes:
    return b64decode(webhook["secret"].removeprefix(PREFIX))


def check(message: Message, clock: ManualClock, *webhooks: dict[str, Any]) -> None:
    for webhook in webhooks:
        verify(message.headers, message.body, [secret_of(webhook)], now=clock().timestamp())


async def test_an_event_arrives_signed_and_whole(post: Post, start: Work, clock: ManualClock) -> None:
    webhook = await post.register()
    await start()
    (record,) = await post.tell()
    delivery = await post.one(webhook, "delivered", attempts=1)
    (message,) = post.hostile.got
    check(message, clock, webhook)
    assert message.headers["webhook-id"] == delivery["event_id"] == str(record.id)
    event = json.loads(message.body)
    assert (event["type"], event["id"], event["data"]) == (record.type, str(record.id), json.loads(record.data))
    assert (delivery["last_status"], delivery["next_attempt_at"]) == (204, None)
    assert delivery["delivered_at"] is not None


async def test_a_receiver_that_recovers_gets_the_same_message_again(post: Post, start: Work, clock: ManualClock) -> None:
    webhook = await post.register("/fail-twice")
    await start()
    await post.tell()
    assert (await post.one(webhook, "failed", attempts=1))["last_status"] == 500
    post.later(seconds=6)
    await post.one(webhook, "failed", attempts=2)
    post.later(seconds=36)
    await post.one(webhook, "delivered", attempts=3)
    first, second, third = post.hostile.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"]
    assert first.body == third.body
    assert int(third.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    check(third, clock, webhook)


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/redirect", 302, "answered 302"),
        ("/hang-up", None, "connection closed"),
        ("/garbage", None, "answer malformed"),
        ("/slow", None, "timed out"),
        ("/busy", 429, "answered 429"),
    ],
)
async def test_what_a_hostile_receiver_does_is_written_down(
    post: Post, start: Work, path: str, status: int | None, error: str
) -> None:
    webhook = await post.register(path)
    await start()
    await post.tell()
    delivery = await post.one(webhook, "failed")
    assert (delivery["last_status"], delivery["last_error"]) == (status, error)
    assert [message.path for message in post.hostile.got] == [path]


async def test_an_endless_answer_is_not_read(post: Post, start: Work) -> None:
    webhook = await post.register("/huge")
    await start()
    await post.tell()
    await post.one(webhook, "delivered")


async def test_nobody_listening_is_retried_until_exhausted_and_may_be_asked_again(
    post: Post, start: Work, gateway: Gateway
) -> None:
    body = {"url": "http://127.0.0.1:1999/", "event_types": ["*"]}
    webhook = (await gateway.admin("POST", "/v1/webhooks", json=body)).json()
    await start()
    await post.tell()
    for attempt in range(1, 10):
        assert (await post.one(webhook, "failed", attempts=attempt))["last_error"] == "connection refused"
        post.later(hours=25)
    exhausted = await post.one(webhook, "exhausted", attempts=10)
    assert exhausted["next_attempt_at"] is None
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{exhausted['id']}/retry"
    assert (await gateway.admin("POST", path)).status_code == 202
    await post.one(webhook, "failed", attempts=1)


async def test_retry_after_is_waited_for(post: Post, start: Work, clock: ManualClock) -> None:
    webhook = await post.register("/busy")
    await start()
    await post.tell()
    delivery = await post.one(webhook, "failed")
    assert delivery["next_attempt_at"] == clock.advance(hours=1).isoformat().replace("+00:00", "Z")


async def test_gone_disables_the_endpoint_and_cancels_what_waits(post: Post, start: Work, gateway: Gateway) -> None:
    webhook = await post.register("/gone")
    await post.tell(40)
    await start()

    async def all_cancelled() -> bool:
        return {d["state"] for d in await post.deliveries(webhook)} == {"cancelled"}

    await eventually(all_cancelled)
    assert (await gateway.admin("GET", f"/v1/webhooks/{webhook['id']}")).json()["enabled"] is False
    sent = len(post.hostile.got)
    await post.tell()
    post.later(days=3)
    assert len(await post.deliveries(webhook)) == 40
    assert len(post.hostile.got) == sent


async def test_a_dead_endpoint_does_not_hold_up_the_others(post: Post, start: Work) -> None:
    await post.register("/slow")
    quick = await post.register("/ok")
    await post.tell(60)
    await start()
    await eventually(lambda: _all_delivered(post, quick))
    assert len(post.hostile.at("/ok")) == 60
    assert not post.hostile.release.is_set()


async def _all_delivered(post: Post, webhook: dict[str, Any]) -> bool:
    return {d["state"] for d in await post.deliveries(webhook, limit=100)} == {"delivered"}


async def test_an_event_that_comes_again_is_sent_once(post: Post, start: Work) -> None:
    webhook = await post.register()
    records = await post.tell(3)
    await post.gateway.service.consumer.deliver([*records, *records])
    await start()
    await eventually(lambda: _all_delivered(post, webhook))
    assert len(post.hostile.got) == 3


async def test_only_what_was_asked_for_is_sent(post: Post) -> None:
    wanted = await post.register("/ok", CREATED)
    other = await post.register("/ok", "massline.visits.visit.planned.v1")
    await post.tell()
    assert len(await post.deliveries(wanted)) == 1
    assert await post.deliveries(other) == []


async def test_events_cost_nothing_where_nobody_listens(post: Post) -> None:
    await post.tell(5)
    async with post.gateway.service.database.session() as session:
        assert await session.scalar(select(func.count()).select_from(WebhookDelivery)) == 0


async def test_a_queued_message_wakes_the_dispatchers_of_other_processes(post: Post, gateway: Gateway) -> None:
    """Not left to their polling: another process's wake-up rings once the message is committed, and not before."""
    async with Database(gateway.service.settings.database) as elsewhere:
        rung = asyncio.Event()
        elsewhere.wakeup(CHANNEL).on_ring(rung.set)
        elsewhere.listen()
        await rung.wait()  # it rings once when it begins to listen
        await post.register()
        rung.clear()
        await post.tell()
        await asyncio.wait_for(rung.wait(), 30)


async def test_a_worker_that_dies_leaves_its_work_to_the_next(post: Post, start: Work) -> None:
    webhook = await post.register("/slow")
    await post.tell()
    first = await start()
    await post.hostile.arrived.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    await start()
    post.later(seconds=31)
    await post.one(webhook, "failed", attempts=1)
    first_message, second_message = post.hostile.got
    assert first_message.headers["webhook-id"] == second_message.headers["webhook-id"]


async def test_a_clock_that_leaps_sends_nothing_a_second_time_while_it_is_on_its_way(post: Post, start: Work) -> None:
    await post.register("/slow")
    await post.tell()
    await start()
    await post.hostile.arrived.wait()
    quick = await post.register("/ok")
    post.later(seconds=31)
    await post.tell()
    await eventually(lambda: _all_delivered(post, quick))
    ids = [message.headers["webhook-id"] for message in post.hostile.at("/slow")]
    assert len(set(ids)) == len(ids)


async def test_several_workers_send_each_message_once(post: Post, start: Work) -> None:
    webhook = await post.register()
    await post.tell(100)
    for _ in range(3):
        await start()
    await eventually(lambda: _all_delivered(post, webhook))
    assert len({message.headers["webhook-id"] for message in post.hostile.got}) == len(post.hostile.got) == 100


async def test_both_secrets_sign_for_a_day_after_a_rotation(post: Post, start: Work, clock: ManualClock) -> None:
    old = await post.register()
    answer = await post.gateway.admin("POST", f"/v1/webhooks/{old['id']}/rotate-secret")
    new = answer.json()
    await start()
    await post.tell()
    await eventually(lambda: _all_delivered(post, old))
    check(post.hostile.got[0], clock, old, new)
    post.later(hours=24)
    await post.tell()
    await eventually(lambda: _all_delivered(post, old))
    check(post.hostile.got[1], clock, new)
    assert " " not in post.hostile.got[1].headers["webhook-signature"]


async def test_a_name_that_leads_inside_is_not_followed(database: str, clock: ManualClock, hostile: Hostile) -> None:
    """Without permission for 127.0.0.0/8 a name may be registered, and nothing is ever sent to where it leads."""
    async with open_gateway(database, clock, upstreams={}) as gateway:
        body = {"url": hostile.url.replace("127.0.0.1", "localhost"), "event_types": ["*"]}
        webhook = (await gateway.admin("POST", "/v1/webhooks", json=body)).json()
        await gateway.service.consumer.deliver([make_record(clock)])
        job = next(job for job in gateway.service.jobs if job.name == "webhook-dispatcher")
        task = asyncio.ensure_future(job.run(gateway.service.works))

        async def last_error() -> str | None:
            answer = await gateway.admin("GET", f"/v1/webhooks/{webhook['id']}/deliveries")
            error: str | None = answer.json()["items"][0]["last_error"]
            return error

        assert await eventually(last_error) == "address not allowed"
        assert hostile.got == []
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
