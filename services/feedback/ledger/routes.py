"""REST of the ledger."""

from fastapi import APIRouter

from services.feedback.ledger import queries
from services.feedback.ledger.schemas import LedgerDayOut
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/ledger", route_class=EdgeRoute, tags=["ledger"])


@router.get("")
async def list_ledger_days(uow: Uow, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[LedgerDayOut]:
    """What was published of every day, newest first. Keep the seals: nothing that was filed can be taken away unseen then."""
    return await queries.list_days(uow, limit=limit, cursor=cursor)
