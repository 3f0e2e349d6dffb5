"""The order in which the layers stand around the app, outermost first."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

from portfolio.adapters.cache import Cache
from portfolio.adapters.limiter import Limits
from portfolio.api.conditional import ConditionalMiddleware
from portfolio.api.middleware.access import AccessLog, AccessMiddleware
from portfolio.api.middleware.body import BodyLimitMiddleware
from portfolio.api.middleware.cache import CacheMiddleware
from portfolio.api.middleware.context import ContextMiddleware
from portfolio.api.middleware.cors import ExactOriginsMiddleware
from portfolio.api.middleware.express import ExpressMiddleware
from portfolio.api.middleware.failures import FailuresMiddleware
from portfolio.api.middleware.headers import SecurityHeadersMiddleware
from portfolio.api.middleware.hosts import Hosts, HostsMiddleware
from portfolio.api.middleware.limits import LimitsMiddleware
from portfolio.api.middleware.methods import MethodsMiddleware
from portfolio.api.middleware.proxies import ProxiesMiddleware
from portfolio.api.middleware.target import TargetMiddleware
from portfolio.core.config import Settings
from portfolio.services.schedule import Schedule

_COMPRESS_FROM = 1024


class Application(FastAPI):
    """FastAPI with layers in front of all its own, of which some are slower than a ready answer."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.front(scope, receive, send)

    def stand_in_front(self, layers: Sequence[Middleware]) -> None:
        """These, the outermost first."""
        self.front = super().__call__
        for layer in reversed(layers):
            self.front = layer.cls(self.front, *layer.args, **layer.kwargs)


def install(
    app: Application,
    settings: Settings,
    limits: Limits,
    kept: tuple[Cache, Schedule] | None = None,
) -> None:
    """Put every layer around the app. Layers added to the app later stand outside of these.

    `kept` is where answers are kept, and what ends them by time; without it none are.
    """
    server = settings.server
    access, hosts = AccessLog(), Hosts(server.allowed_hosts)
    front = []
    if server.trusted_proxies:
        front.append(Middleware(ProxiesMiddleware, trusted=server.trusted_proxies))
    if kept is not None:
        cache, schedule = kept
        front.append(
            Middleware(
                CacheMiddleware,
                cache=cache,
                schedule=schedule,
                limits=limits,
                access=access,
                hosts=hosts,
                origins=server.allowed_origins,
            )
        )
    app.stand_in_front(front)
    cors = [Middleware(ExactOriginsMiddleware, origins=server.allowed_origins)]
    add_compress_type("application/feed+json")
    # Each event has to leave at once, and is small.
    remove_compress_type("text/event-stream")
    app.user_middleware += [
        Middleware(ContextMiddleware),
        Middleware(AccessMiddleware, log=access),
        Middleware(BodyLimitMiddleware, max_body_size=server.max_body_bytes),
        Middleware(SecurityHeadersMiddleware),
        Middleware(HostsMiddleware, hosts=hosts),
        *(cors if server.allowed_origins else ()),
        Middleware(LimitsMiddleware, limits=limits),
        Middleware(TargetMiddleware),
        Middleware(FailuresMiddleware),
        Middleware(MethodsMiddleware),
        Middleware(
            CompressMiddleware,
            minimum_size=_COMPRESS_FROM,
            zstd_level=3,
            brotli_quality=3,
            gzip_level=3,
        ),
        Middleware(ConditionalMiddleware, settings=settings.cache),
        Middleware(ExpressMiddleware),
    ]
