"""Wiring of the visits service, and nothing else."""

from services.visits.activities.routes import router as activities
from services.visits.activity_templates.routes import router as activity_templates
from services.visits.calendars.routes import router as calendars
from services.visits.call_backs.routes import router as call_backs
from services.visits.choices.routes import router as choices
from services.visits.confirmations.routes import of_visits
from services.visits.confirmations.routes import router as confirmations
from services.visits.consumers import CONSUMES, lock_cases_told_of
from services.visits.contact_cards.routes import of_contacts as cards_of_contacts
from services.visits.contact_cards.routes import reading as card_reading
from services.visits.contact_cards.routes import router as contact_cards
from services.visits.contacts.routes import router as contacts
from services.visits.findings.routes import router as findings
from services.visits.hand_overs.routes import of_contacts as contacts_handed_over
from services.visits.hand_overs.routes import router as hand_overs
from services.visits.jobs import JOBS
from services.visits.plans.routes import router as plans
from services.visits.posts.routes import router as posts
from services.visits.promises.routes import router as promises
from services.visits.proposals.routes import router as proposals
from services.visits.reassignments.routes import router as reassignments
from services.visits.requests.routes import router as requests
from services.visits.research.routes import registering as research_register
from services.visits.research.routes import router as research
from services.visits.research_duties.routes import router as research_duties
from services.visits.settings import VisitsSettings
from services.visits.sync.routes import router as sync
from services.visits.templates.routes import router as templates
from services.visits.visits.routes import router as visits
from shared.clock import Clock, system_clock
from shared.ids import Ids, new_id
from shared.service import Service


def create_service(settings: VisitsSettings, *, clock: Clock = system_clock, ids: Ids = new_id) -> Service:
    routers = [
        posts,
        hand_overs,
        contacts,
        contacts_handed_over,
        choices,
        cards_of_contacts,
        card_reading,
        contact_cards,
        templates,
        reassignments,
        plans,
        proposals,
        of_visits,
        sync,
        visits,
        findings,
        requests,
        calendars,
        promises,
        confirmations,
        call_backs,
        activity_templates,
        activities,
        research,
        research_register,
        research_duties,
    ]
    return Service(settings, routers=routers, handlers=CONSUMES, prepare=lock_cases_told_of, jobs=JOBS, clock=clock, ids=ids)
