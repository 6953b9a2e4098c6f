"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.visits.activities.models import Activity, ActivityNeed
from services.visits.activity_templates.models import ActivityTemplate
from services.visits.calendars.models import Calendar
from services.visits.call_backs.models import CallBack, CallBackVisit
from services.visits.cases.models import KnownCase, ServedCase
from services.visits.confirmations.models import Confirmation, VisitRating
from services.visits.contact_cards.models import ContactCard
from services.visits.contacts.models import Contact
from services.visits.findings.models import CaseProgress, Finding
from services.visits.plans.models import VisitPlan
from services.visits.posts.models import Post
from services.visits.promises.models import Promise
from services.visits.proposals.models import ProposedContact, ProposedPost, VisitProposal
from services.visits.requests.models import VisitRequest
from services.visits.research.models import (
    FieldDay,
    FollowUp,
    Recommendation,
    ResearchEvidence,
    ResearchLink,
    ResearchProject,
    ResearchResult,
)
from services.visits.research_duties.models import ResearchDuty
from services.visits.sync.models import SyncConflict, SyncedItem, SyncMark, VisitDeparture
from services.visits.tables import metadata
from services.visits.templates.models import VisitTemplate
from services.visits.visitors.models import Visitor
from services.visits.visits.models import Visit

TABLES = (
    Activity,
    ActivityNeed,
    ActivityTemplate,
    Calendar,
    CallBack,
    CallBackVisit,
    CaseProgress,
    Confirmation,
    Contact,
    ContactCard,
    FieldDay,
    Finding,
    FollowUp,
    KnownCase,
    Post,
    Promise,
    ProposedContact,
    ProposedPost,
    Recommendation,
    ResearchDuty,
    ResearchEvidence,
    ResearchLink,
    ResearchProject,
    ResearchResult,
    ServedCase,
    SyncConflict,
    SyncedItem,
    SyncMark,
    Visit,
    VisitDeparture,
    VisitPlan,
    VisitProposal,
    VisitRating,
    VisitRequest,
    VisitTemplate,
    Visitor,
)

__all__ = ["TABLES", "metadata"]
