from typing import Self

from portfolio.adapters.connections import HostConnections
from portfolio.adapters.limiter import bucket
from portfolio.core.config import LiveSettings
from portfolio.core.errors import TooManyRequestsException

_RETRY_SECONDS = 10


class Place:
    """One live connection, counted for its client and for the account that it speaks for.

    To be used with `with`. Clients are counted as rate limits do it, accounts by their ids, for
    all processes of this host.
    """

    def __init__(self, connections: HostConnections, limits: LiveSettings) -> None:
        self._connections = connections
        self._limits = limits
        self._taken: list[int] = []
        self._user_id: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_outcome: object) -> None:
        self._connections.remove(self._taken)
        self._taken = []

    def take(self, client: str, user_id: int | None = None) -> None:
        """Raises TooManyRequestsException where one of them has too many."""
        limits = {f"client:{bucket(client)}": self._limits.per_client}
        if user_id is not None:
            limits[f"user:{user_id}"] = self._limits.per_user
        most = f"{self._limits.per_client} for one address, {self._limits.per_user} for one account"
        self._add(limits, most)
        self._user_id = user_id

    def sign_in(self, user_id: int) -> None:
        """It speaks for this account from now on. Raises TooManyRequestsException."""
        if self._user_id is None:
            limits = {f"user:{user_id}": self._limits.per_user}
            self._add(limits, f"{self._limits.per_user} for one account")
            self._user_id = user_id

    def _add(self, limits: dict[str, int], most: str) -> None:
        taken = self._connections.add(limits)
        if taken is None:
            raise TooManyRequestsException(
                f"Too many live connections are open: {most} at most", retry_after=_RETRY_SECONDS
            )
        self._taken += taken
