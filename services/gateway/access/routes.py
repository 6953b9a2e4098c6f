"""Signing in, who am I, and the accounts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from services.gateway.access.actions import create_account, sign_in
from services.gateway.access.passwords import Passwords, SignInPaused
from services.gateway.access.queries import get_account, list_accounts
from services.gateway.access.rules import LONGEST_TYPED
from services.gateway.access.schemas import AccountOut, NewAccount, TokenOut
from services.gateway.access.tokens import AccessTokens
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, QueryRoute, Uow, problem
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1", route_class=EdgeRoute, tags=["identity"])


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


def _tokens(request: Request) -> AccessTokens:
    tokens: AccessTokens = request.app.state.tokens
    return tokens


HasPasswords = Annotated[Passwords, Depends(_passwords)]
HasTokens = Annotated[AccessTokens, Depends(_tokens)]


async def issue_token(
    uow: Uow,
    passwords: HasPasswords,
    tokens: HasTokens,
    username: Annotated[str, Form(min_length=1, max_length=LONGEST_TYPED)],
    password: Annotated[str, Form(min_length=1, max_length=LONGEST_TYPED)],
    grant_type: Annotated[Literal["password"], Form()] = "password",
) -> TokenOut | Response:
    """Sign in with user name and password; send the token as `Authorization: Bearer`. After several wrong passwords: 429."""
    try:
        account = await sign_in(uow, passwords, username=username, password=password)
    except SignInPaused as paused:
        return problem(429, paused.slug, paused.detail, headers={"Retry-After": str(paused.seconds)})
    return TokenOut(access_token=tokens.issue(account), token_type="bearer", expires_in=tokens.lifetime)


router.add_api_route("/auth/token", issue_token, methods=["POST"], response_model=TokenOut, route_class_override=QueryRoute)


@router.get("/me")
async def read_me(uow: Uow, principal: Known) -> AccountOut:
    """The account of the caller."""
    return AccountOut.model_validate(await get_account(uow, principal.account))


@router.post("/accounts", status_code=201)
async def create_account_route(uow: Uow, principal: Administrator, passwords: HasPasswords, new: NewAccount) -> AccountOut:
    """Make an account. Officials and leads act for a unit, which must exist."""
    account = await create_account(
        uow, passwords, username=new.username, password=new.password, role=new.role, unit_id=new.unit_id
    )
    return AccountOut.model_validate(account)


@router.get("/accounts")
async def list_accounts_route(
    uow: Uow, principal: Administrator, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[AccountOut]:
    """Every account, oldest first."""
    accounts, next_cursor = await list_accounts(uow, limit=limit, cursor=cursor)
    return Page(items=[AccountOut.model_validate(account) for account in accounts], next_cursor=next_cursor)
