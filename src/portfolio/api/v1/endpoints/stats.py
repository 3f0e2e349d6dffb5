from portfolio.api.deps import AdminUser, DbRead, StatsDep
from portfolio.api.v1.prefix import v1_router
from portfolio.models.projections import Stats
from portfolio.schemas.stats import StatsRead

router = v1_router("stats", prefix="/stats")


@router.get("", response_model=StatsRead)
async def get_stats(db: DbRead, stats: StatsDep, _admin: AdminUser) -> Stats:
    """What there is, in numbers, and what waits to be done."""
    return await stats.read(db)
