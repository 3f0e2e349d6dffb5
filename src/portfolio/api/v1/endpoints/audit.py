from typing import Annotated

from fastapi import Depends

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import AdminUser, AuditDep, DbRead
from portfolio.api.query import QueryOf
from portfolio.api.v1.prefix import v1_router
from portfolio.core.pagination import Page
from portfolio.models.audit import AuditEntry
from portfolio.schemas.audit import AuditQuery, AuditRead
from portfolio.schemas.page import PageRead

router = v1_router("audit")


@router.get("/audit", response_model=PageRead[AuditRead])
async def list_audit(
    asked: Annotated[AuditQuery, Depends(QueryOf(AuditQuery))],
    db: DbRead,
    audit: AuditDep,
    _user: AdminUser,
    answer: AnswerDep,
) -> Page[AuditEntry]:
    """Who did what, and from where; the newest first."""
    return answer.page(await audit.page(db, asked.page_request(), asked.filters()))
