"""Reading accounts."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from services.gateway.access.models import Account
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.uow import UnitOfWork


async def get_account(uow: UnitOfWork, account_id: UUID) -> Account:
    """Raises `NotFound`."""
    account = await uow.session.get(Account, account_id)
    if account is None:
        raise NotFound("account-not-found", "No account has this id.")
    return account


async def list_accounts(uow: UnitOfWork, *, limit: int, cursor: str | None) -> tuple[Sequence[Account], str | None]:
    """Oldest first. Raises `Invalid` (malformed-cursor)."""
    statement = select(Account).order_by(col(Account.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Account.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda account: account.id)
