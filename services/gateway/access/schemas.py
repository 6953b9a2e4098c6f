"""What goes in and out at the door."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.gateway.access.rules import AccountRole, fold_username
from shared.types import In, Out, Text


def _username(typed: str) -> str:
    folded = fold_username(typed)
    if folded is None:
        raise PydanticCustomError("username", "must be 3 to 64 letters, digits or . _ @ + - and begin with a letter or a digit")
    return folded


Username = Annotated[Text, AfterValidator(_username), Field(min_length=3, max_length=64, examples=["li.wei"])]
Password = Annotated[Text, StringConstraints(min_length=8, max_length=128)]


class NewAccount(In):
    username: Username
    password: Password
    role: AccountRole
    unit_id: UUID | None = None


class AccountOut(Out):
    id: UUID
    username: str
    role: AccountRole
    unit_id: UUID | None
    created_at: datetime


class TokenOut(Out):
    access_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds.")
