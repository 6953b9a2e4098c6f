"""Wiring of the feedback service, and nothing else."""

from services.feedback.appeals.routes import router as appeals
from services.feedback.attachments.cabinet import Cabinet, Place
from services.feedback.attachments.routes import router as attachments
from services.feedback.attachments.rules import Caps
from services.feedback.audit.routes import router as audit
from services.feedback.cases.routes import router as cases
from services.feedback.categories.directory import CategoryDirectory
from services.feedback.categories.routes import asking as suggesting
from services.feedback.categories.routes import router as categories
from services.feedback.challenges.routes import router as challenges
from services.feedback.challenges.rules import Limits
from services.feedback.challenges.turnstile import Turnstile
from services.feedback.consumers import CONSUMES
from services.feedback.conversations.routes import router as conversations
from services.feedback.endorsements.routes import reading as shared_cases
from services.feedback.endorsements.routes import router as endorsements
from services.feedback.escalations.routes import router as escalations
from services.feedback.holds.routes import router as holds
from services.feedback.identity_requests.routes import of_case as identity_requests_of_case
from services.feedback.identity_requests.routes import opening as identity_openings
from services.feedback.identity_requests.routes import router as identity_requests
from services.feedback.jobs import make_jobs
from services.feedback.ledger.routes import router as ledger
from services.feedback.merges.routes import router as merges
from services.feedback.notes.routes import router as notes
from services.feedback.opinions.actions import Counter
from services.feedback.opinions.intake import Intake
from services.feedback.opinions.routes import proving
from services.feedback.opinions.routes import receipts as proving_by_receipt
from services.feedback.opinions.routes import router as opinions
from services.feedback.protection.desk import ReceiptDesk
from services.feedback.protection.routes import of_cases as handing_receipts
from services.feedback.protection.routes import reading
from services.feedback.protection.routes import router as receipts
from services.feedback.redactions.routes import router as redactions
from services.feedback.responsibility.routes import router as responsibility
from services.feedback.retaliation.routes import router as retaliation_reports
from services.feedback.retaliation.routes import speaker as watching
from services.feedback.retention.routes import of_case as holding
from services.feedback.retention.routes import router as retention
from services.feedback.settings import FeedbackSettings
from services.feedback.signals.routes import router as signals
from services.feedback.similar.routes import drafting
from services.feedback.similar.routes import router as similar
from services.feedback.templates.routes import filling
from services.feedback.templates.routes import router as templates
from shared.clock import Clock, system_clock
from shared.ids import Ids, new_id
from shared.service import Service


def create_service(settings: FeedbackSettings, *, clock: Clock = system_clock, ids: Ids = new_id) -> Service:
    routers = [
        opinions,
        challenges,
        proving,
        proving_by_receipt,
        holds,
        ledger,
        audit,
        identity_requests_of_case,
        identity_requests,
        identity_openings,
        cases,
        conversations,
        notes,
        attachments,
        filling,
        templates,
        escalations,
        appeals,
        merges,
        responsibility,
        handing_receipts,
        redactions,
        holding,
        retention,
        watching,
        retaliation_reports,
        reading,
        receipts,
        suggesting,
        categories,
        drafting,
        similar,
        endorsements,
        shared_cases,
        signals,
    ]
    service = Service(settings, routers=routers, handlers=CONSUMES, clock=clock, ids=ids)
    cabinet = Cabinet(service.database, service.works.keyring, _place(settings), _caps(settings))
    service.jobs.extend(make_jobs(cabinet))
    intake = Intake(service.database)
    pepper = settings.pepper.get_secret_value()
    desk = ReceiptDesk(service.database, pepper, most_waiting=settings.receipts_waiting)
    limits = Limits(settings.anonymous_calls_per_minute, settings.anonymous_opinions_per_minute)
    known = CategoryDirectory(service.database)
    service.api.state.desk = desk
    service.api.state.turnstile = Turnstile(service.database, clock, pepper, limits, desk.crowding)
    service.api.state.categories = known
    service.api.state.counter = Counter(service.works, known, desk, intake)
    service.api.state.cabinet = cabinet
    service.extras.append(intake.lifetime)
    return service


def _place(settings: FeedbackSettings) -> Place:
    access_key, secret_key = settings.attachments_access_key, settings.attachments_secret_key
    return Place(
        name=settings.attachments_store or str(settings.var / "attachments"),
        endpoint=settings.attachments_s3_endpoint,
        region=settings.attachments_s3_region,
        access_key=access_key.get_secret_value() if access_key else None,
        secret_key=secret_key.get_secret_value() if secret_key else None,
    )


def _caps(settings: FeedbackSettings) -> Caps:
    return Caps(
        size=settings.max_file_bytes,
        pixels=settings.attachment_pixels,
        pages=settings.attachment_pages,
        per_case=settings.attachments_per_case,
    )
