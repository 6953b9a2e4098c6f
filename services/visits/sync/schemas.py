"""What a phone that was offline sends, and what it gets."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.visits.sync.rules import KEPT, MOST_CHANGES, MOST_ITEMS, Choice, SyncStatus
from services.visits.visits.schemas import VisitDetail, VisitOut
from shared.http import Problem
from shared.types import In, JsonObject, Out


class SyncItem(In):
    """Its record is looked at for itself, so that one that is wrong holds none of the others up."""

    client_id: UUID = Field(description="Given by the phone, new for every record: sent again, it has no second effect.")
    visit_id: UUID
    base_version: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] = Field(
        description="`version` of the visit as the phone had it."
    )
    record: JsonObject = Field(description="As `POST /v1/visits/{visit_id}/record` takes it.")
    choice: Choice | None = Field(
        None,
        description="Settles a conflict that you were told of: `theirs` lets the visit stand as it was recorded before, `both` "
        "adds to it what your record found and promised.",
    )


class Sync(In):
    cursor: Annotated[str, StringConstraints(max_length=250)] | None = Field(
        None, description="`cursor` of the answer before; null to get everything."
    )
    items: Annotated[list[SyncItem], Field(max_length=MOST_ITEMS)] = Field(default=[])


class SyncVisit(VisitOut):
    version: str


class SyncResult(Out):
    client_id: UUID
    status: SyncStatus
    visit: SyncVisit | None = Field(description="As it is now; null where you may not see it.")
    problem: Problem | None = Field(description="Why it was refused: what the record alone would have been answered.")
    yours: JsonObject | None = Field(description="On a conflict, your record: it is kept for the unit to look at.")
    theirs: VisitDetail | None = Field(
        description="On a conflict, the visit as it was recorded before: it stands. Send the item again with a `choice`."
    )


class Changes(Out):
    changes: list[SyncVisit] = Field(
        description=f"Your visits that changed since the cursor, at most {MOST_CHANGES}. One may come twice, none is left out."
    )
    gone: list[UUID] = Field(description="Visits that are not yours any more.")
    cursor: str = Field(description="To be sent next time.")
    more: bool = Field(description="There are more changes: ask again at once.")
    reset: bool = Field(
        description=f"The cursor is older than {KEPT.days} days, or from before this database was restored: forget all visits, "
        "here they come anew."
    )


class Synced(Changes):
    results: list[SyncResult] = Field(description="In the order of `items`.")


class ConflictOut(Out):
    id: UUID
    visit_id: UUID
    unit_id: UUID
    account_id: UUID = Field(description="Whose record it is.")
    base_version: str
    record: JsonObject = Field(description="As it was sent.")
    found_at: datetime
    choice: Choice | None = Field(description="How it was settled; null while it is not.")
    settled_at: datetime | None
