from dataclasses import dataclass
from datetime import datetime, timedelta

from portfolio.models.credentials import ApiToken, Scope
from portfolio.models.sessions import UserSession
from portfolio.models.users import User

FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and with what: the session of a login, or an API token."""

    user: User
    session: UserSession | None = None
    api_token: ApiToken | None = None
    has_totp: bool = False

    @property
    def session_id(self) -> int | None:
        return self.session.id if self.session else None

    @property
    def authority(self) -> str:
        """The same for two callers of an account who may do the same."""
        scopes = ["session"] if self.api_token is None else sorted(self.api_token.scopes)
        return " ".join([self.user.role, str(self.is_strong), *scopes])

    @property
    def is_strong(self) -> bool:
        """A second factor, or a password that can stand alone."""
        return self.has_totp or self.user.has_long_password

    def may(self, scope: Scope) -> bool:
        """Whether a token goes as far; a session goes as far as its user."""
        if self.api_token is None:
            return True
        return not {scope, Scope.ADMIN}.isdisjoint(self.api_token.scopes)

    def is_fresh(self, now: datetime) -> bool:
        """Whether they proved in the last five minutes who they are."""
        since = self.session.authenticated_at if self.session else None
        return since is not None and since > now - FRESH
