"""Wiring of the feedback service, and nothing else."""

from services.feedback.cases.routes import router as cases
from services.feedback.cases.rules import ClockPolicy
from services.feedback.consumers import consumes
from services.feedback.conversations.routes import router as conversations
from services.feedback.jobs import jobs
from services.feedback.opinions.actions import Counter
from services.feedback.opinions.intake import Intake
from services.feedback.opinions.routes import router as opinions
from services.feedback.protection.desk import ReceiptDesk
from services.feedback.protection.routes import reading
from services.feedback.protection.routes import router as receipts
from services.feedback.settings import FeedbackSettings
from shared.clock import Clock, system_clock
from shared.events.feedback import ClockKind
from shared.ids import Ids, new_id
from shared.service import Service


def create_service(settings: FeedbackSettings, *, clock: Clock = system_clock, ids: Ids = new_id) -> Service:
    policy = clock_policy(settings)
    routers = [opinions, cases, conversations, reading, receipts]
    service = Service(settings, routers=routers, handlers=consumes(policy), jobs=jobs(policy), clock=clock, ids=ids)
    intake = Intake(service.database)
    desk = ReceiptDesk(service.database, settings.pepper.get_secret_value())
    service.api.state.policy = policy
    service.api.state.desk = desk
    service.api.state.counter = Counter(service.works, policy, desk, intake)
    service.extras.append(intake.lifetime)
    return service


def clock_policy(settings: FeedbackSettings) -> ClockPolicy:
    """The rules of the day; their version says what they are, and stays on the cases opened under them."""
    within = {
        ClockKind.acknowledgement: settings.acknowledge_within,
        ClockKind.first_answer: settings.first_answer_within,
        ClockKind.resolution: settings.resolve_within,
    }
    version = "settings:" + "/".join(f"{int(span.total_seconds())}s" for span in within.values())
    return ClockPolicy(
        version=version,
        within=within,
        close_unconfirmed_after=settings.close_unconfirmed_after,
        reopen_within=settings.reopen_within,
    )
