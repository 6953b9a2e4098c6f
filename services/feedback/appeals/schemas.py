"""What goes in of the appeal routes; what comes out is the case."""

from services.feedback.cases.rules import Decision
from shared.types import Body, In


class AppealIn(In):
    reason: Body


class DecisionIn(In):
    decision: Decision
    reason: Body
