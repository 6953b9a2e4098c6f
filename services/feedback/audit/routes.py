"""REST of the audit log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.feedback.audit import queries
from services.feedback.audit.rules import Act
from services.feedback.audit.schemas import AuditCheckOut, AuditEntryOut
from shared.auth import Administrator, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/audit", route_class=EdgeRoute, tags=["audit"])

Auditor = Annotated[Principal, Depends(Require(Role.admin, Role.inspector))]


@router.get("")
async def list_audit_entries(
    uow: Uow,
    principal: Auditor,
    case_id: UUID | None = None,
    act: Act | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[AuditEntryOut]:
    """What those in office did to protected things, newest first; to an inspector, what its unit and those below it did.

    Each entry is sealed over the one before it, and each seal is told to the webhooks: keep them, and the log cannot be written
    anew unseen.
    """
    return await queries.list_entries(uow, principal, case_id=case_id, act=act, limit=limit, cursor=cursor)


@router.get("/check")
async def check_audit(uow: Uow, principal: Administrator) -> AuditCheckOut:
    """Walk the whole log and say whether every entry follows from the one before it."""
    return await queries.check_chain(uow)
