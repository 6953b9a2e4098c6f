"""A toy service on the kernel alone: notes. It has one route for every way in which a request can end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from sqlalchemy import Column, DateTime, Float, Integer, MetaData, Table, Uuid, insert, select, text
from sqlalchemy import Text as SqlText

from shared.auth import Administrator, Caller, Known
from shared.clock import Clock, system_clock
from shared.errors import Conflict, DomainError, Forbidden, Gone, Invalid, NotFound, TooMany, Unauthenticated, Unavailable
from shared.events.envelope import Event
from shared.http import EdgeRoute, QueryRoute, Uow
from shared.pages import PageCursor, PageLimit, decode_cursor
from shared.service import Service
from shared.settings import ServiceSettings
from shared.types import Body, Code, Count, Finite, In, Int64, Line, Moment, Out, Score
from tests.support.callers import ServiceClient
from tests.support.databases import create_tables

metadata = MetaData()
notes = Table(
    "notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", SqlText, nullable=False),
    Column("body", SqlText, nullable=False),
    Column("count", Integer, nullable=False),
    Column("share", Float, nullable=False),
    Column("at", DateTime(timezone=True), nullable=True),
)
DEFERRED = """
CREATE TABLE pairs (id uuid PRIMARY KEY, note_id uuid NOT NULL REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)
"""

KINDS: dict[str, type[DomainError]] = {
    kind.kind: kind for kind in (Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Gone, TooMany, Unavailable)
}


class ToySettings(ServiceSettings):
    service: ClassVar[str] = "toy"


class NoteWritten(Event, type="massline.testing.note.written.v1", key="note_id"):
    """When: a test wrote a note. Key: the note. Consumed by nobody."""

    note_id: UUID


class NoteIn(In):
    title: Line
    body: Body = "-"
    code: Code = "code"
    count: Count = 0
    big: Int64 = 0
    share: Finite = 0.0
    score: Score = 3
    at: Moment | None = None


class NoteOut(Out):
    id: UUID
    title: str


router = APIRouter(prefix="/v1/notes", route_class=EdgeRoute)


@router.post("", status_code=201)
async def write_note(note: NoteIn, uow: Uow, principal: Caller) -> NoteOut:
    """Keep a note and tell of it."""
    note_id = uow.new_id()
    row = {"id": note_id, "title": note.title, "body": note.body, "count": note.count, "share": note.share, "at": note.at}
    await uow.session.execute(insert(notes).values(row))
    await uow.record(NoteWritten(note_id=note_id))
    return NoteOut(id=note_id, title=note.title)


def _skip(skip_until: str = "") -> str:
    return skip_until


@router.get("")
async def list_notes(
    uow: Uow, principal: Caller, skip: Annotated[str, Depends(_skip)], limit: PageLimit = 20, cursor: PageCursor = None
) -> list[NoteOut]:
    """The notes after `cursor`."""
    after = decode_cursor(cursor)
    query = select(notes.c.id, notes.c.title).order_by(notes.c.id).limit(limit)
    rows = await uow.session.execute(query if after is None else query.where(notes.c.id > after))
    return [NoteOut(id=row.id, title=row.title) for row in rows]


@router.get("/{note_id}")
async def read_note(note_id: UUID, uow: Uow, principal: Known) -> NoteOut:
    """One note."""
    row = (await uow.session.execute(select(notes.c.id, notes.c.title).where(notes.c.id == note_id))).one_or_none()
    if row is None:
        raise NotFound("note-not-found", "No note has this id.")
    return NoteOut(id=row.id, title=row.title)


@router.post("/broken-pair", status_code=201)
async def break_at_commit(note: NoteIn, uow: Uow, principal: Caller) -> NoteOut:
    """All is well until the commit checks the deferred constraint."""
    answer = await write_note(note, uow, principal)
    await uow.session.execute(text("INSERT INTO pairs VALUES (gen_random_uuid(), gen_random_uuid())"))
    return answer


@router.post("/crashes", status_code=201)
async def crash(note: NoteIn, uow: Uow, principal: Caller) -> NoteOut:
    """Fails after its change."""
    await write_note(note, uow, principal)
    raise RuntimeError(f"secret detail \udcff {note.title}")


@router.post("/refuses/{kind}", status_code=201)
async def refuse(kind: str, note: NoteIn, uow: Uow, principal: Caller) -> NoteOut:
    """Refuses after its change."""
    await write_note(note, uow, principal)
    raise KINDS[kind]("toy-refusal", "Do something else.")


@router.post("/waits", status_code=201)
async def wait(note: NoteIn, uow: Uow, principal: Caller, request: Request) -> NoteOut:
    """Takes until the test lets it go on."""
    answer = await write_note(note, uow, principal)
    await request.app.state.gate(note.title)
    return answer


@router.post("/administered", status_code=201)
async def administer(note: NoteIn, uow: Uow, principal: Administrator) -> NoteOut:
    """Only for administrators."""
    return await write_note(note, uow, principal)


@router.post("/headers")
async def read_headers(
    uow: Uow, principal: Caller, language: Annotated[Literal["en", "zh"], Header(alias="accept-language")] = "en"
) -> str:
    """Echoes a validated header."""
    return language


asking = APIRouter(prefix="/v1/questions", route_class=QueryRoute)


@asking.post("")
async def ask(note: NoteIn, uow: Uow, principal: Caller) -> NoteOut:
    """Changes nothing."""
    return NoteOut(id=uow.new_id(), title=note.title)


def make_toy(url: str, *, clock: Clock = system_clock) -> Service:
    settings = ToySettings(database_url=url, max_body_bytes=131_072)
    service = Service(settings, routers=[router, asking], handlers={}, clock=clock)
    service.api.state.gate = _open_gate
    return service


async def _open_gate(title: str) -> None:
    return None


class Toy(ServiceClient):
    """The opened toy service and a client of it."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.service = service

    async def titles(self) -> list[str]:
        return await self._column("SELECT title FROM notes ORDER BY id")

    async def column(self, query: str) -> Sequence[object]:
        return await self._column(query)

    async def _column(self, query: str) -> list[str]:
        return [row[0] for row in await self.service.database.pool.fetch(query)]


@asynccontextmanager
async def open_toy(url: str, *, clock: Clock = system_clock) -> AsyncIterator[Toy]:
    await create_tables(url, metadata)
    service = make_toy(url, clock=clock)
    async with service.open():
        toy = Toy(service)
        if not await toy.column("SELECT 1 FROM pg_class WHERE relname = 'pairs'"):
            await service.database.pool.execute(DEFERRED)
        async with toy.http:
            yield toy
