"""Where files lie: a local folder or an S3-compatible bucket, behind one library.

A file is written before the row that has it, so it is noted as a stray first and struck off by the transaction that adds the row;
one that is removed is noted again. What is still noted when its time has come is deleted: nothing is lost, and nothing stays.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store
from sqlalchemy import delete, exists, func, select
from sqlmodel import col

from services.feedback.attachments.conversion import Converted, Converter
from services.feedback.attachments.models import Attachment, StrayFile
from services.feedback.attachments.rules import Caps
from services.feedback.cases.rules import Side
from shared.clock import hour_of
from shared.db import Database
from shared.errors import Conflict, NotFound, Unavailable
from shared.keyring import Keyring, Unreadable
from shared.uow import UnitOfWork

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ClientConfig, RetryConfig, S3Config

log = structlog.get_logger(__name__)

S3 = "s3://"
GRACE = timedelta(hours=2)
"""From the full hour in which a file comes: far longer than any upload takes."""
RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=5)}
SWEPT_AT_ONCE = 50
ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended("massline shared files", 0)))
"""Two workers that let go of the last rows of a file at once would each leave it to the other."""
NOTE = "INSERT INTO stray_files (file, due_at) VALUES ($1, $2)"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file on its way out."""

    size: int
    pieces: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, or `s3://bucket/prefix` at an endpoint; without keys the process's own identity is shown there."""

    name: str
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)

    def open(self) -> LocalStore | S3Store:
        if not self.name.startswith(S3):
            return LocalStore(Path(self.name).absolute(), mkdir=True)
        config: S3Config = {"region": self.region}
        if self.endpoint:
            config["endpoint"] = self.endpoint
        if self.access_key and self.secret_key:
            config["access_key_id"], config["secret_access_key"] = self.access_key, self.secret_key
        client: ClientConfig = {"connect_timeout": "3s", "timeout": "10s"}
        client["allow_http"] = self.endpoint is not None and self.endpoint.startswith("http://")
        return S3Store.from_url(self.name, config=config, client_options=client, retry_config=RETRIES)


class Cabinet:
    """Files by random names that tell nothing of what they belong to; nothing comes in that was not made anew."""

    def __init__(self, database: Database, keyring: Keyring, place: Place, caps: Caps) -> None:
        self._database = database
        self._keyring = keyring
        self._place = place
        self.caps = caps
        self.convert = Converter(caps).convert

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        """Opened when first wanted: a process without files needs no folder."""
        return self._place.open()

    async def keep(self, made: Converted, now: datetime, *, sealed_for: UUID | None = None) -> str:
        """The name of the new file, which is a stray until `claim`; sealed for a case, it can be opened as this one's only.

        Raises `Unavailable`.
        """
        return await self._put(made.content, made.thumbnail, now, sealed_for=sealed_for)

    async def _put(self, content: bytes, thumbnail: bytes | None, now: datetime, *, sealed_for: UUID | None) -> str:
        file = secrets.token_hex(16)
        await self._database.pool.execute(NOTE, file, hour_of(now) + GRACE)
        with _spoken_for():
            for name, part in ((file, content), (_thumbnail(file), thumbnail)):
                if part is not None:
                    kept = self._keyring.seal_bytes(sealed_for, part) if sealed_for else part
                    await self._store.put_async(name, kept, use_multipart=False)
        return file

    async def seal_anew(self, uow: UnitOfWork, attachment: Attachment) -> None:
        """With the current key, for its case; what is not in the store needs no seal. Raises `Unreadable`, `Unavailable`."""
        content = await self._read_if_there(attachment, thumbnail=False)
        if content is None:
            return
        picture = await self._read_if_there(attachment, thumbnail=True) if attachment.width is not None else None
        file = await self._put(content, picture, uow.now(), sealed_for=attachment.case_id)
        await self.claim(uow, file)
        await self.release(uow, attachment)
        attachment.file, attachment.sealed_with = file, self._keyring.current

    async def claim(self, uow: UnitOfWork, file: str) -> None:
        """With the rows that have the file now. Raises `Unavailable` when it was swept away meanwhile."""
        strike_off = delete(StrayFile).where(col(StrayFile.file) == file).returning(col(StrayFile.file))
        if await uow.session.scalar(strike_off) is None:
            raise Unavailable("upload-too-slow", "The file took too long to arrive: send it again.")

    def drop(self, uow: UnitOfWork, file: str) -> None:
        """With the row that had the file: it is deleted soon after the commit."""
        uow.session.add(StrayFile(file=file, due_at=hour_of(uow.now())))

    async def release(self, uow: UnitOfWork, attachment: Attachment) -> None:
        """Like `drop`, with the last of the rows that have the file."""
        if attachment.by is Side.unit:
            await uow.session.execute(ONE_AT_A_TIME)
        others = (col(Attachment.file) == attachment.file) & (col(Attachment.id) != attachment.id)
        if not await uow.session.scalar(select(exists().where(others))):
            self.drop(uow, attachment.file)

    async def open(self, attachment: Attachment, *, thumbnail: bool) -> Opened:
        """Raises `NotFound` (attachment-not-found), `Conflict` (attachment-key-lost), `Unavailable`."""
        if attachment.sealed_with is None:
            found = await self._find(attachment, thumbnail=thumbnail)
            return Opened(found.meta["size"], _pieces(found.stream()))
        try:
            content = await self._read(attachment, thumbnail=thumbnail)
        except Unreadable:
            raise Conflict("attachment-key-lost", "This file was sealed with a key that is not here any more.") from None
        return Opened(len(content), _whole(content))

    async def _read_if_there(self, attachment: Attachment, *, thumbnail: bool) -> bytes | None:
        """Raises `Unreadable`, `Unavailable`."""
        try:
            return await self._read(attachment, thumbnail=thumbnail)
        except NotFound:
            return None

    async def _read(self, attachment: Attachment, *, thumbnail: bool) -> bytes:
        """All of it, opened. Raises `Unreadable`, `NotFound` (attachment-not-found), `Unavailable`."""
        found = await self._find(attachment, thumbnail=thumbnail)
        with _spoken_for():
            kept = bytes(await found.bytes_async())
        if attachment.sealed_with is None:
            return kept
        return self._keyring.open_bytes(attachment.case_id, attachment.sealed_with, kept)

    async def _find(self, attachment: Attachment, *, thumbnail: bool) -> "GetResult":
        with _spoken_for():
            try:
                return await self._store.get_async(_thumbnail(attachment.file) if thumbnail else attachment.file)
            except FileNotFoundError:
                log.error("a file is not in its store")
                raise attachment_not_found() from None

    async def sweep(self, uow: UnitOfWork) -> bool:
        """Delete strays that are due; whether there may be more."""
        due = select(col(StrayFile.file)).where(col(StrayFile.due_at) <= uow.now()).order_by(col(StrayFile.due_at))
        files = (await uow.session.scalars(due.limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True))).all()
        for file in files:
            await self._delete(file)
            await self._delete(_thumbnail(file))
        await uow.session.execute(delete(StrayFile).where(col(StrayFile.file).in_(files)))
        return len(files) == SWEPT_AT_ONCE

    async def _delete(self, name: str) -> None:
        try:
            await self._store.delete_async(name)
        except FileNotFoundError:
            return


def _thumbnail(file: str) -> str:
    return f"{file}.thumbnail"


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)


@contextmanager
def _spoken_for() -> Iterator[None]:
    """Says what a caller can do about a store that fails; what it said itself may hold its address."""
    try:
        yield
    except (BaseError, OSError) as error:
        log.error("the file store failed", error=type(error).__name__)
        raise Unavailable("file-store-unavailable", "The file store is away for the moment: try again.") from None


def attachment_not_found() -> NotFound:
    return NotFound("attachment-not-found", "This case has no such attachment: list them first.")
