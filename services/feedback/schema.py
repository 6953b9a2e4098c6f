"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.feedback.attachments import models as attachments
from services.feedback.audit import models as audit
from services.feedback.cases import models as cases
from services.feedback.categories import models as categories
from services.feedback.challenges import models as challenges
from services.feedback.conversations import models as conversations
from services.feedback.endorsements import models as endorsements
from services.feedback.holds import models as holds
from services.feedback.identities import models as identities
from services.feedback.identity_requests import models as identity_requests
from services.feedback.ledger import models as ledger
from services.feedback.notes import models as notes
from services.feedback.opinions import models as opinions
from services.feedback.protection import models as protection
from services.feedback.responsibility import models as responsibility
from services.feedback.retaliation import models as retaliation
from services.feedback.retention import models as retention
from services.feedback.tables import metadata
from services.feedback.templates import models as templates

__all__ = [
    "attachments",
    "audit",
    "cases",
    "categories",
    "challenges",
    "conversations",
    "endorsements",
    "holds",
    "identities",
    "identity_requests",
    "ledger",
    "metadata",
    "notes",
    "opinions",
    "protection",
    "responsibility",
    "retaliation",
    "retention",
    "templates",
]
