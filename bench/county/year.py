"""A year of visits in the real service, under a clock that is moved by hand: its API, its jobs and its database.

Every working day the windows are followed, and each official makes what the week still allows, in the order in which windows end.
Whoever refuses is asked for a visit once, and never again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from statistics import fmean
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from sqlalchemy import func, insert, select, text
from sqlmodel import col

from bench.county.drawn import County, Household
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactKind, ContactState, next_due
from services.visits.jobs import follow_windows, make_proposed, plan_ahead
from services.visits.plans.actions.planning import plan_contacts
from services.visits.posts.models import Post
from services.visits.proposals.queries.stock import take_stock
from services.visits.proposals.rules.ground import Ground
from services.visits.proposals.rules.placing import deal_in_turn
from services.visits.proposals.rules.scheduling import start_in_turn
from services.visits.visitors.actions import project_visitor
from services.visits.visits.actions import record_visit
from services.visits.visits.models import UNRECORDED, Visit
from services.visits.visits.rules import Outcome, VisitState
from services.visits.visits.schemas import VisitRecord
from shared.auth import CREDENTIAL_HEADER, Credentials, Principal, Role
from shared.ids import Ids
from shared.service import Service
from shared.types import Level
from shared.units import KnownUnit
from shared.uow import Works

BEGINS = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""A Monday."""
A_DAY, WORKING_DAYS, WEEKS = timedelta(days=1), 5, 52
BATCH = 50


class Almanac:
    """A clock that moves only when told."""

    now = BEGINS

    def __call__(self) -> datetime:
        return self.now


def ids_in_turn() -> Ids:
    """The same in every run: whoever is alike is told apart by them."""
    numbers = count(1)
    return lambda: UUID(int=next(numbers))


@dataclass(frozen=True, slots=True)
class Year:
    """What came of it. `coverage` and `overdue`: of those who agreed, the share that was not overdue and how many were, each on
    the mean over the weeks. Loads are visits owed to visits that can be made, by post; the spread is between the most and the
    least loaded. Kilometres are there and back."""

    visits: int
    missed: int
    coverage: float
    overdue: float
    overdue_at_end: int
    never_met: int
    max_load: float
    load_spread: float
    km_per_visit: float

    def figures(self) -> dict[str, float]:
        return asdict(self)


@dataclass
class Life:
    """The county, settled in a service that is open: a unit, its lead, and by post who holds it."""

    service: Service
    almanac: Almanac
    county: County
    unit: KnownUnit
    lead: Principal
    http: httpx.AsyncClient
    officials: dict[UUID, Principal] = field(default_factory=dict)
    households: dict[UUID, Household] = field(default_factory=dict)

    async def ask(self, method: str, path: str, caller: Principal, **request: Any) -> Any:
        """Through the API, as the gateway would."""
        credential = Credentials(self.service.settings.internal_secret.get_secret_value()).issue(caller)
        answer = await self.http.request(method, path, headers={CREDENTIAL_HEADER: credential}, **request)
        answer.raise_for_status()
        return answer.json()


Starting = Callable[[Life], Awaitable[None]]


class ToMake(NamedTuple):
    post_id: UUID
    visit_id: UUID
    contact_id: UUID


Recording = Callable[[Life, Sequence[ToMake]], Awaitable[None]]


@asynccontextmanager
async def settle(service: Service, almanac: Almanac, county: County) -> AsyncIterator[Life]:
    """The county in a service that is open, on the evening before the year begins."""
    new_id = service.works.ids
    unit = KnownUnit(id=new_id(), parent_id=None, code="county", name="County", level=Level.county, path="county", version=1)
    lead = Principal(Role.lead, account_id=new_id(), unit_id=unit.id)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=service.app), base_url="http://visits") as http:
        life = Life(service, almanac, county, unit, lead, http)
        await _take_office(life)
        await _list_households(life)
        yield life


async def _take_office(life: Life) -> None:
    """Every post has its holder."""
    officials = [Principal(Role.official, account_id=life.service.works.ids(), unit_id=life.unit.id) for _ in life.county.offices]
    async with life.service.works.begin() as uow:
        await uow.know_unit(life.unit)
        for person in (life.lead, *officials):
            await project_visitor(uow, account_id=person.account, role=person.role, unit_id=person.unit_id)
    await life.service.units.refresh()
    for number, (office, official) in enumerate(zip(life.county.offices, officials, strict=True)):
        said = {
            "unit_id": str(life.unit.id),
            "code": f"post-{number}",
            "name": "A post",
            "holder_id": str(official.account),
            "visits_per_week": office.visits_per_week,
            "location": office.spot._asdict(),
        }
        post = await life.ask("POST", "/v1/posts", life.lead, json=said)
        life.officials[UUID(post["id"])] = official


async def _list_households(life: Life) -> None:
    """With what was agreed, and when they were met, before the year began: there is no way to say that afterwards."""
    life.households = {life.service.works.ids(): household for household in life.county.households}
    rows = [_row(life, contact_id, household) for contact_id, household in life.households.items()]
    async with life.service.works.begin() as uow:
        await uow.session.execute(insert(Contact), rows)


def _row(life: Life, contact_id: UUID, household: Household) -> dict[str, object]:
    agreed_at = BEGINS - household.agreed_ago * A_DAY
    met_at = None if household.met_ago is None else BEGINS - household.met_ago * A_DAY
    contact = Contact(
        id=contact_id,
        unit_id=life.unit.id,
        kind=ContactKind.household,
        label="A household",
        place="A lane",
        latitude=round(household.spot.latitude, 3),
        longitude=round(household.spot.longitude, 3),
        state=ContactState.agreed,
        rhythm_days=household.rhythm_days,
        agreed_at=agreed_at,
        last_contact_at=met_at,
        next_due_at=next_due(agreed_at, met_at, household.rhythm_days),
        created_by=life.lead.account,
        created_at=agreed_at,
    )
    return contact.model_dump()


async def start_as_proposed(life: Life) -> None:
    """By a proposal that is accepted."""
    said = {"unit_id": str(life.unit.id), "starts_on": BEGINS.date().isoformat(), "weeks": WEEKS}
    proposal = await life.ask("POST", "/v1/visit-proposals", life.lead, json=said)
    await life.ask("POST", f"/v1/visit-proposals/{proposal['id']}/accept", life.lead)
    await _work_off(life, make_proposed)


async def start_in_turns(life: Life) -> None:
    """Contacts dealt out to posts in turn, and their starts too."""
    async with life.service.works.begin() as uow:
        stock = await take_stock(uow, life.unit.id, BEGINS.date(), only_unassigned=True)
    ground = Ground(stock.contacts, stock.posts)
    dealt = deal_in_turn(ground)
    slots = start_in_turn(ground, dealt, WEEKS, BEGINS.weekday())
    starts = [
        (contact.id, ground.posts[post].id, slot.day) for contact, post, slot in zip(ground.contacts, dealt, slots, strict=True)
    ]
    for at in range(0, len(starts), BATCH):
        async with life.service.works.begin() as uow:
            for contact_id, post_id, day in starts[at : at + BATCH]:
                contact, post = await uow.session.get(Contact, contact_id), await uow.session.get(Post, post_id)
                assert contact is not None
                assert post is not None
                contact.post_id, starts_at = post_id, (BEGINS + day * A_DAY).replace(hour=0)
                await plan_contacts(uow, life.lead, [(contact, post, starts_at)], purpose="Contact", time_zone="UTC")


async def live(life: Life, start: Starting, record: Recording, *, weeks: int = WEEKS) -> Year:
    """So many weeks from the start on."""
    await start(life)
    samples = []
    for week in range(weeks):
        life.almanac.now = BEGINS + week * 7 * A_DAY
        await _work_off(life, plan_ahead)
        await _make_visits(life, record)
        samples.append(
            (await life.ask("GET", "/v1/contacts/coverage", life.lead, params={"unit_id": str(life.unit.id)}))["total"]
        )
    return await _look_back(life, samples)


async def _work_off(life: Life, job: Callable[[Works], Awaitable[bool]]) -> None:
    while await job(life.service.works):
        pass


async def _make_visits(life: Life, record: Recording) -> None:
    """From Monday to Friday; a day takes its share of what is left of the week."""
    left = {post: office.visits_per_week for post, office in zip(life.officials, life.county.offices, strict=True)}
    for days_left in range(WORKING_DAYS, 0, -1):
        await _work_off(life, follow_windows)
        today = []
        for post, visits in (await _waiting(life)).items():
            made = visits[: ceil(left[post] / days_left)]
            left[post] -= len(made)
            today += made
        await record(life, today)
        for visit in today:
            if life.households[visit.contact_id].refuses:
                await life.ask("POST", f"/v1/contacts/{visit.contact_id}/refuse", life.lead)
        life.almanac.now += A_DAY


async def _waiting(life: Life) -> dict[UUID, list[ToMake]]:
    """By post, visits whose window is open, from that which ends first on."""
    columns = (col(Visit.post_id), col(Visit.id), col(Visit.contact_id))
    open_now = select(*columns).where(text(UNRECORDED), col(Visit.window_starts_at) <= life.almanac.now)
    waiting: dict[UUID, list[ToMake]] = {}
    async with life.service.works.begin() as uow:
        rows: Iterable[Any] = await uow.session.execute(open_now.order_by(col(Visit.window_ends_at), col(Visit.id)))
        for row in map(ToMake._make, rows):
            waiting.setdefault(row.post_id, []).append(row)
    return waiting


async def record_by_actions(life: Life, made: Sequence[ToMake]) -> None:
    """The visits of a day in one transaction, by the same action as the API takes."""
    async with life.service.works.begin() as uow:
        for visit in made:
            said = VisitRecord(outcome=_outcome(life, visit), occurred_at=life.almanac.now)
            await record_visit(uow, life.officials[visit.post_id], visit.visit_id, said)


async def record_by_api(life: Life, made: Sequence[ToMake]) -> None:
    for visit in made:
        said = {"outcome": _outcome(life, visit), "occurred_at": life.almanac.now.isoformat()}
        await life.ask("POST", f"/v1/visits/{visit.visit_id}/record", life.officials[visit.post_id], json=said)


def _outcome(life: Life, visit: ToMake) -> Outcome:
    return Outcome.refused_by_resident if life.households[visit.contact_id].refuses else Outcome.done


async def _look_back(life: Life, samples: Sequence[Mapping[str, Any]]) -> Year:
    pair = (col(Visit.state), col(Visit.post_id), col(Visit.contact_id))
    async with life.service.works.begin() as uow:
        counted = await uow.session.execute(select(*pair, func.count().label("many")).group_by(*pair))
        rows: Sequence[Any] = counted.all()
        agreed = select(Contact).where(col(Contact.state) == ContactState.agreed)
        contacts = (await uow.session.scalars(agreed)).all()
    made = [row for row in rows if row.state == VisitState.done]
    visits = sum(row.many for row in made)
    loads = _loads(life, contacts)
    return Year(
        visits=visits,
        missed=sum(row.many for row in rows if row.state == VisitState.missed),
        coverage=fmean(1 - sample["overdue"] / sample["agreed"] for sample in samples),
        overdue=fmean(sample["overdue"] for sample in samples),
        overdue_at_end=samples[-1]["overdue"],
        never_met=samples[-1]["never_contacted"],
        max_load=max(loads),
        load_spread=max(loads) - min(loads),
        km_per_visit=sum(row.many * _way(life, row.post_id, row.contact_id) for row in made) / visits,
    )


def _loads(life: Life, contacts: Sequence[Contact]) -> list[float]:
    owed = dict.fromkeys(life.officials, 0.0)
    for contact in contacts:
        if contact.post_id is not None and contact.rhythm_days is not None:
            owed[contact.post_id] += 7 / contact.rhythm_days
    return [visits / office.visits_per_week for visits, office in zip(owed.values(), life.county.offices, strict=True)]


def _way(life: Life, post_id: UUID, contact_id: UUID) -> float:
    office = life.county.offices[list(life.officials).index(post_id)]
    return 2 * office.spot.km_to(life.households[contact_id].spot)
