from fastapi import APIRouter

from portfolio.api.deps import AdminUser, DbRead, StatsDep
from portfolio.api.route import Door
from portfolio.models.projections import Stats
from portfolio.schemas.stats import StatsRead

router = APIRouter(prefix="/stats", tags=["stats"], route_class=Door)


@router.get("", response_model=StatsRead)
async def get_stats(db: DbRead, stats: StatsDep, _admin: AdminUser) -> Stats:
    """What there is, in numbers, and what waits to be done."""
    return await stats.read(db)
