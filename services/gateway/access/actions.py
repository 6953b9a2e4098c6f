"""Making accounts, and signing in to them."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from services.gateway.access.models import Account
from services.gateway.access.passwords import Passwords
from services.gateway.access.rules import UNTOLD, AccountRole, check_unit, fold_username
from shared.errors import Conflict, Unauthenticated
from shared.events.gateway import AccountCreated
from shared.uow import UnitOfWork, Works

FIRST_ADMINISTRATOR = "admin"


async def create_account(
    uow: UnitOfWork, passwords: Passwords, *, username: str, password: str, role: AccountRole, unit_id: UUID | None
) -> Account:
    """Make an account. `username` is folded already.

    Records AccountCreated, except for residents. Raises `Invalid` (unit-required), `NotFound` (unit-not-found), `Conflict`
    (username-taken, also for the second of two at once), `Unavailable`.
    """
    check_unit(role, unit_id)
    if unit_id is not None:
        await uow.units.require(unit_id)
    account = Account(
        id=uow.new_id(),
        username=username,
        password_hash=await passwords.hash(password),
        role=role.value,
        unit_id=unit_id,
        created_at=uow.now(),
    )
    if not await _add(uow, account):
        raise Conflict("username-taken", "Another account has this user name: choose another.")
    return account


async def ensure_first_administrator(works: Works, passwords: Passwords, password: str) -> None:
    """Make the account `admin` unless there is one; safe when several processes start at once. Records AccountCreated."""
    async with works.begin() as uow:
        if await uow.session.scalar(select(Account.id).where(col(Account.username) == FIRST_ADMINISTRATOR)):
            return
    hashed = await passwords.hash(password)
    async with works.begin() as uow:
        role = AccountRole.admin
        await _add(
            uow,
            Account(id=uow.new_id(), username=FIRST_ADMINISTRATOR, password_hash=hashed, role=role.value, created_at=uow.now()),
        )


async def _add(uow: UnitOfWork, account: Account) -> bool:
    """Whether the name was free."""
    row = insert(Account).values(account.model_dump()).on_conflict_do_nothing(index_elements=["username"])
    if await uow.session.scalar(row.returning(col(Account.id))) is None:
        return False
    if account.role not in UNTOLD:
        await uow.record(AccountCreated(account_id=account.id, role=account.role, unit_id=account.unit_id))
    return True


async def sign_in(uow: UnitOfWork, passwords: Passwords, *, username: str, password: str) -> Account:
    """The account of this name and password.

    Raises `Unauthenticated` (the same for an unknown name and a wrong password), `SignInPaused`, `Unavailable`.
    """
    name = fold_username(username)
    account = await uow.session.scalar(select(Account).where(col(Account.username) == name)) if name else None
    if account is not None:
        uow.session.expunge(account)
    await uow.session.rollback()  # the connection goes back to the pool while Argon2 works
    right = await passwords.verify(name or "", password, account.password_hash if account else None)
    if account is None or not right:
        raise Unauthenticated("wrong-credentials", "User name or password is wrong.")
    return account
