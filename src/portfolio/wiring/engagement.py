"""Comments, reactions, the contact form, and the mail about them."""

from dataclasses import dataclass

from portfolio.wiring.accounts import Accounts
from portfolio.wiring.content import Content
from portfolio.wiring.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Engagement:
    pass


def build_engagement(base: Foundation, content: Content, accounts: Accounts) -> Engagement:
    del base, content, accounts
    return Engagement()
