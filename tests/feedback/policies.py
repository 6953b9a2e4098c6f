"""Policies and calendars of a test, told to the service as assessment would tell them."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from shared.clock import system_clock
from shared.errors import NotFound
from shared.events.assessment import (
    PolicyRegistered,
    PolicySupplementRegistered,
    RetentionPolicyRegistered,
    WorkingCalendarRegistered,
)
from shared.events.envelope import Event, Record
from shared.ids import new_id
from shared.policies import SHIPPED, CaseRules, Channel, SupplementRules
from shared.practices import PracticeBook, RetentionTerms
from shared.service import Service
from shared.types import Level
from shared.working_time import WorkingHours
from tests.support.eventually import eventually

EVER, FOR_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
SHANGHAI = WorkingHours.model_validate(
    {
        "time_zone": "Asia/Shanghai",
        "weekly": {
            day: [["09:00", "12:00"], ["13:30", "17:30"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
        },
        "holidays": ["2026-04-06", "2026-05-01", "2026-10-01", "2026-10-02"],
        "working_dates": [{"date": "2026-05-09", "periods": [["09:00", "12:00"]]}],
    }
)


def span(amount: int, unit: str = "days") -> dict[str, Any]:
    return {"amount": amount, "unit": unit}


def rules(**changes: Any) -> CaseRules:
    """The shipped rules with some of them changed; `deadlines` only where they are given."""
    shipped = SHIPPED[0].rules.model_dump(mode="json")
    deadlines = {**shipped["deadlines"], **changes.pop("deadlines", {})}
    return CaseRules.model_validate({**shipped, **changes, "deadlines": deadlines})


BERLIN = WorkingHours.model_validate(
    {
        "time_zone": "Europe/Berlin",
        "weekly": {day: [["08:00", "16:30"]] for day in ("monday", "tuesday", "wednesday", "thursday")}
        | {"friday": [["08:00", "12:00"]], "sunday": [["01:30", "04:00"]]},
        "holidays": ["2026-04-03", "2026-12-25"],
    }
)
NEW_YORK = WorkingHours.model_validate({"time_zone": "America/New_York", "weekly": {"monday": [["09:00", "17:00"]]}})
CALENDARS = {"shanghai": SHANGHAI, "berlin": BERLIN, "new-york": NEW_YORK}
POLICIES: Mapping[Channel, CaseRules] = {
    Channel.thought: rules(
        deadlines={
            "acknowledgement": span(9, "working_hours"),
            "first_answer": span(40, "working_hours"),
            "next_answer": span(17, "working_hours"),
            "appeal": span(24, "working_hours"),
        },
        escalation=[span(2, "working_hours"), span(8, "working_hours"), span(1, "hours"), span(0)],
        reopen_within=span(100, "working_hours"),
        escalate_after_reopenings=1,
        calendar_code="shanghai",
    ),
    Channel.emotional: rules(
        deadlines={
            "acknowledgement": span(1, "working_days"),
            "first_answer": span(5, "working_days"),
            "next_answer": span(2, "working_days"),
            "resolution": span(21, "working_days"),
        },
        escalation=[span(0), span(1, "working_days"), span(3, "working_days")],
        confirm_within=span(10, "working_days"),
        calendar_code="berlin",
    ),
    Channel.public_sentiment: rules(
        deadlines={"acknowledgement": span(3), "first_answer": span(10)},
        escalation=[span(0), span(0), span(30, "hours"), span(4)],
        escalate_after_reopenings=None,
        calendar_code="new-york",
    ),
    Channel.public_opinion: SHIPPED[0].rules,
}
"""One policy per channel, each with a calendar and units of its own."""


async def know_everything(service: Service) -> None:
    """`CALENDARS` and `POLICIES`."""
    for code, hours in CALENDARS.items():
        await know_calendar(service, hours, code=code)
    for channel, said in POLICIES.items():
        if said is not SHIPPED[0].rules:
            await know_policy(service, said, code=f"of-{channel}", version=2, channel=channel)


async def know_policy(service: Service, said: CaseRules, *, code: str = "house", version: int = 1, **scope: Any) -> str:
    """The label of the policy, once the service knows it. It goes before what is shipped when it has a level or a channel."""
    await service.consumer.deliver([told_policy(said, code=code, version=version, **scope)])
    label = f"{code}.v{version}"

    async def known() -> bool:
        await service.policies.refresh()
        return label in {policy.label for policy in service.policies.book.in_effect(FOR_EVER)}

    await eventually(known)
    return label


def told_policy(said: CaseRules, *, code: str, version: int, **scope: Any) -> Record:
    return _record(policy_event(said, code=code, version=version, **scope))


def policy_event(
    said: CaseRules,
    *,
    code: str,
    version: int,
    level: Level | None = None,
    channel: Channel | None = None,
    effective_from: datetime = EVER,
) -> PolicyRegistered:
    return PolicyRegistered(
        policy_id=uuid4(),
        policy_code=code,
        version=version,
        level=level,
        channel=channel,
        effective_from=effective_from,
        rules=said,
        registered_at=effective_from,
    )


async def know_supplement(service: Service, unit_id: UUID, *, code: str, version: int = 1, **said: Any) -> str:
    """The label of the supplement, once the service knows it."""
    event = supplement_event(unit_id, code=code, version=version, **said)
    await service.consumer.deliver([_record(event)])
    label = f"{code}.v{version}"

    async def known() -> bool:
        await service.policies.refresh()
        with suppress(NotFound):
            return bool(service.policies.book.supplements(f"default.v1+{label}"))
        return False

    await eventually(known)
    return label


def supplement_event(
    unit_id: UUID,
    *,
    code: str,
    version: int = 1,
    channel: Channel | None = None,
    effective_from: datetime = EVER,
    ends: bool = False,
    **said: Any,
) -> PolicySupplementRegistered:
    return PolicySupplementRegistered(
        supplement_id=uuid4(),
        supplement_code=code,
        version=version,
        unit_id=unit_id,
        channel=channel,
        effective_from=effective_from,
        ends=ends,
        rules=SupplementRules.model_validate(said),
        registered_at=effective_from,
    )


def retention(**changes: tuple[int, int, int]) -> RetentionTerms:
    """The shipped terms with some channels changed: days of access, of protected words, of named ones."""
    names = ("access_days", "protected_days", "named_days")
    changed = {channel: dict(zip(names, days, strict=True)) for channel, days in changes.items()}
    return RetentionTerms.model_validate({**PracticeBook().retention(None, EVER).model_dump(), **changed})


def retention_event(
    terms: RetentionTerms, *, version: int = 2, level: Level | None = None, effective_from: datetime = EVER
) -> RetentionPolicyRegistered:
    return RetentionPolicyRegistered(
        retention_policy_id=uuid4(),
        policy_code="retention" if level is None else f"retention:{level}",
        version=version,
        level=level,
        effective_from=effective_from,
        rules=terms,
        registered_at=effective_from,
    )


async def know_retention(service: Service, *events: RetentionPolicyRegistered) -> None:
    """In this order, once the service knows the last."""
    await service.consumer.deliver([_record(event) for event in events])
    told = events[-1]

    async def known() -> bool:
        await service.policies.refresh()
        rows = await service.database.pool.fetch("SELECT id FROM known_retention_policies")
        return told.retention_policy_id in {row["id"] for row in rows}

    await eventually(known)
    await service.policies.refresh()


async def know_calendar(service: Service, hours: WorkingHours, *, code: str = "house", version: int = 1) -> None:
    await service.consumer.deliver([_record(calendar_event(hours, code=code, version=version))])

    async def known() -> bool:
        await service.policies.refresh()
        return (service.policies.book.newest_version(code) or 0) >= version

    await eventually(known)


def calendar_event(hours: WorkingHours, *, code: str, version: int = 1) -> WorkingCalendarRegistered:
    return WorkingCalendarRegistered(
        working_calendar_id=uuid4(),
        calendar_code=code,
        version=version,
        time_zone_code=hours.time_zone,
        weekly=hours.weekly,
        holidays=hours.holidays,
        working_dates=hours.working_dates,
        registered_at=EVER,
    )


def _record(event: Event) -> Record:
    data = event.model_dump_json().encode()
    return Record(id=new_id(), type=event.type, key=event.key, time=system_clock(), topic=event.topic, data=data)
