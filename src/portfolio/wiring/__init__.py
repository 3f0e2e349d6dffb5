"""Builds everything once: engines, repositories, adapters and services."""

from dataclasses import dataclass

from portfolio.core.config import Settings
from portfolio.wiring.accounts import Accounts, build_accounts
from portfolio.wiring.content import Content, build_content
from portfolio.wiring.engagement import Engagement, build_engagement
from portfolio.wiring.foundation import Foundation, build_foundation
from portfolio.wiring.live import Live, build_live


@dataclass(frozen=True, kw_only=True)
class Services(Foundation, Content, Accounts, Engagement, Live):
    """One of each, for the life of the process."""


def build_services(settings: Settings) -> Services:
    """Connects to nothing yet. Raises SettingsError for a database that cannot be used."""
    base = build_foundation(settings)
    content = build_content(base)
    accounts = build_accounts(base, content)
    engagement = build_engagement(base, accounts)
    live = build_live(base, accounts)
    return Services(
        **vars(base), **vars(content), **vars(accounts), **vars(engagement), **vars(live)
    )
