"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.assessment.campaigns.models import Campaign
from services.assessment.comments.models import Comment
from services.assessment.dry_runs.models import DryRun
from services.assessment.indicators.models import CaseEvidence, RetaliationEvidence, VisitEvidence
from services.assessment.policies.models import Policy
from services.assessment.profiles.models import UnitProfile
from services.assessment.scores.models import Score
from services.assessment.standards.models import Standard
from services.assessment.tables import metadata
from services.assessment.units.models import Unit
from services.assessment.working_calendars.models import WorkingCalendar

__all__ = [
    "Campaign",
    "CaseEvidence",
    "Comment",
    "DryRun",
    "Policy",
    "RetaliationEvidence",
    "Score",
    "Standard",
    "Unit",
    "UnitProfile",
    "VisitEvidence",
    "WorkingCalendar",
    "metadata",
]
