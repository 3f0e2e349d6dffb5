"""Who listens, and what they may hear."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portfolio.core.clock import utc_now
from portfolio.core.errors import (
    InsufficientScopeException,
    NotFoundException,
    UnauthorizedException,
)
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.live import ListenerRepository, Standing
from portfolio.db.session import Database
from portfolio.models.credentials import Scope
from portfolio.models.entities import EntityType
from portfolio.models.identity import Identity
from portfolio.models.users import Role, User
from portfolio.services import policy
from portfolio.services.api_tokens import PREFIX, ApiTokenService
from portfolio.services.sessions import SessionService

KINDS: Final = {kind.value: kind for kind in (EntityType.POSTS, EntityType.PROJECTS)}
# Topics of those who run the site, with the scope that an API token needs.
STAFF: Final = {"moderation": Scope.COMMENTS_MODERATE, "contact": Scope.ADMIN}
LONGEST_TOPIC = 200


@dataclass(frozen=True, eq=False, slots=True)
class Listener:
    """Whom a connection speaks for: what was so when it was let in, and until when at most."""

    identity: Identity
    expires_at: datetime | None

    @property
    def user_id(self) -> int:
        return self.identity.user.id

    @property
    def role(self) -> Role:
        return self.identity.user.role


class LiveAccess:
    def __init__(
        self,
        database: Database,
        sessions: SessionService,
        api_tokens: ApiTokenService,
        entities: EntityRepository,
        listeners: ListenerRepository,
        *,
        production: bool,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._api_tokens = api_tokens
        self._entities = entities
        self._listeners = listeners
        self._production = production

    async def admit(self, token: str) -> Listener:
        """Raises UnauthorizedException."""
        who = self._api_tokens if token.startswith(PREFIX) else self._sessions
        async with self._database.reading() as db:
            identity = await who.identity(db, token)
        return self.listener(identity, token)

    def listener(self, identity: Identity, token: str) -> Listener:
        """Of somebody who was found by this token a moment ago."""
        if identity.api_token is not None:
            return Listener(identity, identity.api_token.expires_at)
        return Listener(identity, self._sessions.expiry_of(token))

    async def find(self, topic: str, who: Listener | None) -> str:
        """The topic of events that clients call by this name.

        Raises NotFoundException also for what they may not see, and for the topics of those who
        run the site UnauthorizedException or ForbiddenException.
        """
        scope = STAFF.get(topic)
        if scope is not None:
            self._require_staff(who, scope)
            return topic
        kind, colon, ref = topic.partition(":")
        if kind not in KINDS or len(topic) > LONGEST_TOPIC or bool(colon) != bool(ref):
            raise NotFoundException("There is no such topic")
        viewer = self._viewer(who)
        if not colon:
            return topic
        async with self._database.reading() as db:
            entity_id = await self._entities.find(db, KINDS[kind], ref, viewer)
        return f"{kind}:{entity_id}"

    async def find_all(self, topics: Iterable[str], who: Listener | None) -> dict[str, str]:
        """find() for each, by name."""
        return {topic: await self.find(topic, who) for topic in topics}

    async def standing(self, listeners: Collection[Listener]) -> Mapping[Listener, Standing]:
        """Those whose session or token is good now, and what their account is."""
        if not listeners:
            return {}
        sessions = {who.identity.session.id for who in listeners if who.identity.session}
        tokens = {who.identity.api_token.id for who in listeners if who.identity.api_token}
        async with self._database.reading() as db:
            now = utc_now()
            by_session = await self._listeners.by_session(db, sessions, now)
            by_token = await self._listeners.by_token(db, tokens, now)
        found = {}
        for who in listeners:
            session, token = who.identity.session, who.identity.api_token
            standing = by_session.get(session.id) if session else None
            standing = by_token.get(token.id) if token else standing
            if standing is not None and (who.expires_at is None or who.expires_at > now):
                found[who] = standing
        return found

    def hears(self, standing: Standing, topic: str) -> bool:
        """Whether this account may hear what is for moderators."""
        if standing.role is not Role.ADMIN or (self._production and not standing.is_strong):
            return False
        scope = STAFF.get(topic, Scope.COMMENTS_MODERATE)
        return standing.scopes is None or not {scope, Scope.ADMIN}.isdisjoint(standing.scopes)

    def _require_staff(self, who: Listener | None, scope: Scope) -> None:
        if who is None:
            raise UnauthorizedException
        policy.require_admin(who.identity.user)
        _require_scope(who, scope)
        policy.require_strong(who.identity, production=self._production)

    def _viewer(self, who: Listener | None) -> User | None:
        if who is None:
            return None
        _require_scope(who, Scope.CONTENT_READ)
        weak = policy.is_too_weak(who.identity, production=self._production)
        return None if weak else who.identity.user


def _require_scope(who: Listener, scope: Scope) -> None:
    if not who.identity.may(scope):
        raise InsufficientScopeException(f"The API token lacks the scope {scope}")
