"""`python -m bench.worker`: feedback's worker with a bus that nobody listens to; says `ready`, and works until SIGTERM."""

import asyncio
import signal
import sys

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.bus.inprocess import InProcessBus
from shared.service import settle_garbage_collector


async def main() -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    service = create_service(FeedbackSettings())
    async with service.open(), service.working(InProcessBus()):
        settle_garbage_collector()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
