"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.feedback.cases import models as cases
from services.feedback.conversations import models as conversations
from services.feedback.opinions import models as opinions
from services.feedback.protection import models as protection
from services.feedback.tables import metadata

__all__ = ["cases", "conversations", "metadata", "opinions", "protection"]
