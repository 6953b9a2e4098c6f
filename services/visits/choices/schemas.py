"""What a resident chooses, as it comes in."""

from pydantic import Field

from services.visits.contacts.rules import Companion, Meeting
from services.visits.contacts.schemas import Rhythm
from shared.types import In, Moment


class AgreementIn(In):
    rhythm_days: Rhythm | None = Field(None, description="Left out: as usual for the unit's level, by the policy on visits.")
    fewer_by_wish: bool = Field(False, description="The resident wants fewer visits than that policy lets visitors agree on.")
    meeting: Meeting = Meeting.home
    companion: Companion = Companion.none


class SuspensionIn(In):
    until: Moment | None = Field(None, description="When visits may begin again; left out: until the resident says so.")
