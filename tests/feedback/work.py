"""The timed jobs of a service, run by hand."""

from shared.service import Service


async def work(service: Service) -> None:
    """All that is due now."""
    for job in service.jobs:
        while await job.run(service.works):
            pass
