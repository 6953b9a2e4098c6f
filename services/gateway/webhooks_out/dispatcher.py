"""Sends what is due: leases messages, keeps a bounded number in flight, and writes down what became of them in batches.

At least once: a worker that dies after sending and before writing leaves a lease that runs out, and the message goes out again
under the same id. No order is promised. An endpoint that fails gets one batch at a time and each has its own share, so a slow or
dead one holds up nobody else.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

import aiohttp
import structlog
from prometheus_client import Counter as Metric

from services.gateway.webhooks_out.actions import CHANNEL, Attempt, Lease, lease_deliveries, settle_attempts
from services.gateway.webhooks_out.rules.retries import Reply
from services.gateway.webhooks_out.rules.signing import signed_headers
from services.gateway.webhooks_out.sealing import SecretBox, SecretUnreadable
from services.gateway.webhooks_out.sending import SECONDS, open_client, post
from shared.db import Wakeup, is_outage
from shared.uow import Works

log = structlog.get_logger(__name__)

AT_ONCE = 512
PER_ENDPOINT = 32
BATCH = 16
POLL = 1.0
OUTAGE_PAUSE = 1.0
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
USER_AGENT = "massline-webhooks"

ATTEMPTS = Metric("massline_webhook_attempts", "Attempts to deliver a webhook", ("outcome",))


class Dispatcher:
    """`run` is a job that ends only when it is cancelled."""

    def __init__(self, box: SecretBox, allowed: Sequence[IPv4Network | IPv6Network], *, seconds: float = SECONDS) -> None:
        self._box = box
        self._allowed = allowed
        self._seconds = seconds
        self._in_flight: Counter[UUID] = Counter()
        self._failing: set[UUID] = set()
        self._held: set[UUID] = set()
        self._finished: list[Attempt] = []

    async def run(self, works: Works) -> bool:
        """Several workers may run it at the same time. A database that is away is waited for."""
        wakeup = works.database.wakeup(CHANNEL)
        try:
            async with open_client(self._allowed, seconds=self._seconds) as client, asyncio.TaskGroup() as sends:
                while True:
                    try:
                        await self._settle(works)
                        for lease in await self._lease(works):
                            sends.create_task(self._attempt(client, works, wakeup, lease))
                    except Exception as error:
                        if not is_outage(error):
                            raise
                        log.warning("database away, webhooks wait")
                        await asyncio.sleep(OUTAGE_PAUSE)
                    await wakeup.wait(POLL)
        finally:
            self._in_flight.clear()
            self._held.clear()
            with suppress(OSError):
                await self._settle(works)

    async def _lease(self, works: Works) -> list[Lease]:
        free = AT_ONCE - self._in_flight.total()
        if free <= 0:
            return []
        async with works.begin() as uow:
            leases = await lease_deliveries(uow, busy=self._busy(), held=list(self._held), per_endpoint=BATCH, limit=free)
        self._in_flight.update(lease.endpoint_id for lease in leases)
        self._held.update(lease.id for lease in leases)
        return leases

    def _busy(self) -> list[UUID]:
        return [
            endpoint
            for endpoint, running in self._in_flight.items()
            if running > (0 if endpoint in self._failing else PER_ENDPOINT - BATCH)
        ]

    async def _settle(self, works: Works) -> None:
        finished = self._finished[:]
        if finished:
            async with works.begin() as uow:
                await settle_attempts(uow, finished)
            del self._finished[: len(finished)]
            self._held.difference_update(attempt.lease.id for attempt in finished)

    async def _attempt(self, client: aiohttp.ClientSession, works: Works, wakeup: Wakeup, lease: Lease) -> None:
        reply = await self._send(client, works, lease)
        self._in_flight[lease.endpoint_id] -= 1
        if not self._in_flight[lease.endpoint_id]:
            del self._in_flight[lease.endpoint_id]
        (self._failing.discard if reply.accepted else self._failing.add)(lease.endpoint_id)
        ATTEMPTS.labels("accepted" if reply.accepted else "refused" if reply.status else "unreachable").inc()
        self._finished.append(Attempt(lease, reply, random.random()))
        wakeup.ring()

    async def _send(self, client: aiohttp.ClientSession, works: Works, lease: Lease) -> Reply:
        try:
            sealed = [lease.secret, lease.previous_secret] if lease.previous_secret else [lease.secret]
            secrets = [self._box.open(lease.endpoint_id, one) for one in sealed]
        except SecretUnreadable:
            log.error("a webhook's secret cannot be read: was MASSLINE_GATEWAY_WEBHOOK_KEY changed?", webhook=lease.endpoint_id)
            return Reply(error="secret unreadable")
        headers = signed_headers(str(lease.event_id), int(works.clock().timestamp()), lease.body, secrets)
        headers |= {"content-type": CONTENT_TYPE, "user-agent": USER_AGENT}
        return await post(client, lease.url, headers, lease.body)
