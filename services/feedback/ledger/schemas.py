"""What goes out of the ledger."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.types import Out


class LedgerDayOut(Out):
    """One day of the ledger, as it was published."""

    id: UUID
    day: date
    size: int = Field(description="Opinions of that day.")
    root: str = Field(description="Root of their Merkle tree (RFC 6962), 64 digits of hexadecimal, as are the other hashes.")
    previous: str = Field(description="Seal of the day before it; zeros before the first.")
    seal: str = Field(description="Binds all of this. Keep it: whoever has it can check every proof of the day.")
    sealed_at: datetime


class Opening(Out):
    salt: str
    content: dict[str, str] = Field(
        description="What was filed: `title`, `body`, `channel`, `unit_id`, and the hour, `filed_in`."
    )


class ProofOut(Out):
    """Shows that an opinion was filed, to anybody who has the day's seal, without this server."""

    version: Literal[1] = 1
    day: date
    size: int
    position: int
    path: list[str]
    root: str
    previous: str
    seal: str
    commitment: str
    opening: Opening | None = Field(
        description="The words themselves. Take it out before you show the proof to somebody who must not read them; it is null "
        "once they are erased."
    )
