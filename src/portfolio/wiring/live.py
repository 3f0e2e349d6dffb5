"""Live updates of pages that somebody has open."""

from dataclasses import dataclass

from portfolio.db.repositories.announcements import AnnouncementRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.live import ListenerRepository, LiveEventRepository
from portfolio.services.announcements import ANNOUNCE, Announcements
from portfolio.services.live import Hub, LiveAccess, LiveRetention, Told
from portfolio.wiring.accounts import Accounts
from portfolio.wiring.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Live:
    live_access: LiveAccess
    hub: Hub


def build_live(base: Foundation, accounts: Accounts) -> Live:
    """Registers what tells of publications, and what is forgotten from time to time.

    To be built last: what is told of publications is made of their cards.
    """
    events = LiveEventRepository()
    access = LiveAccess(
        base.database,
        accounts.sessions,
        accounts.api_tokens,
        EntityRepository(),
        ListenerRepository(),
        production=base.settings.server.production,
    )
    hub = Hub(base.database, events, access, base.bell)
    base.bus.subscribe(Told, hub.told)
    announcements = Announcements(base.database, AnnouncementRepository(), base.live, base.jobs)
    base.database.before_commit(announcements.tell_noted)
    base.outbox.register(ANNOUNCE, announcements)
    base.periodic.every(60, "live.forget", LiveRetention(base.database, events).forget)
    return Live(live_access=access, hub=hub)
