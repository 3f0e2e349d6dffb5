"""What a site needs before it can be served."""

from portfolio.db import migrate
from portfolio.db.repositories import tallies
from portfolio.wiring import Services


async def prepare(services: Services) -> None:
    """Bring schema and first admin into being; done at every start, before the first request."""
    database = services.database
    await migrate.upgrade(database.engines.write)
    async with database.transaction() as db:
        await tallies.recount(db)
        await services.users.ensure_first_admin(db, services.settings.security)
    renewed = 1
    while renewed:
        async with database.transaction() as db:
            renewed = await services.cards.renew_outdated(db)
    noted = 1
    while noted:
        async with database.transaction() as db:
            noted = await services.media.note_former(db)
    await services.text_renewal.begin()
    await services.comment_renewal.begin()


async def prepare_to_serve(services: Services) -> str | None:
    """prepare(), and the link with which the first admin is made, while there is none."""
    await prepare(services)
    async with services.database.transaction() as db:
        return await services.setup.link(db)
