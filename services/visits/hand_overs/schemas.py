"""Hand-overs as they come in and go out."""

from uuid import UUID

from pydantic import Field

from services.visits.contacts.schemas import ContactOut
from shared.types import In, Out


class HandOver(In):
    holder_id: UUID = Field(description="The account of who has the post from now on; of its unit, or of one above or below it.")


class HandOverOut(Out):
    """What goes with a post to its next holder."""

    post_id: UUID
    holder_id: UUID = Field(description="Who has the post now.")
    contacts: int = Field(description="That have not ended.")
    plans: int
    visits: int = Field(description="Still to be made. Those that were recorded or missed stay with who had the post then.")
    promises: int = Field(description="That are open.")
    findings: int = Field(description="Whose case is not over: the holder sees them through.")


class PlanGiven(Out):
    """A plan that goes by another post from now on."""

    id: UUID
    post_id: UUID
    assignee_id: UUID = Field(description="Who holds the post, and goes.")
    visits: int = Field(description="Still to be made. Those that were recorded stay with whoever made them.")


class ContactChanged(ContactOut):
    plan: PlanGiven | None = Field(description="The plan of its visits, if it went to another post by this.")
