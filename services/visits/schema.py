"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.visits.activities.models import Activity, ActivityNeed
from services.visits.activity_templates.models import ActivityTemplate
from services.visits.contacts.models import Contact
from services.visits.findings.models import CaseProgress, Finding
from services.visits.plans.models import VisitPlan
from services.visits.posts.models import Post
from services.visits.tables import metadata
from services.visits.visitors.models import Visitor
from services.visits.visits.models import Visit

TABLES = (
    Activity,
    ActivityNeed,
    ActivityTemplate,
    CaseProgress,
    Contact,
    Finding,
    Post,
    Visit,
    VisitPlan,
    Visitor,
)

__all__ = ["TABLES", "metadata"]
