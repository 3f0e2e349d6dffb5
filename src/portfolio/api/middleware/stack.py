"""The order in which the layers stand around the app, outermost first."""

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette_compress import CompressMiddleware, add_compress_type

from portfolio.adapters.limiter import Limits
from portfolio.api.conditional import ConditionalMiddleware
from portfolio.api.middleware.access import AccessMiddleware
from portfolio.api.middleware.body import BodyLimitMiddleware
from portfolio.api.middleware.context import ContextMiddleware
from portfolio.api.middleware.cors import ExactOriginsMiddleware
from portfolio.api.middleware.express import ExpressMiddleware
from portfolio.api.middleware.failures import FailuresMiddleware
from portfolio.api.middleware.headers import SecurityHeadersMiddleware
from portfolio.api.middleware.hosts import HostsMiddleware
from portfolio.api.middleware.limits import LimitsMiddleware
from portfolio.api.middleware.methods import MethodsMiddleware
from portfolio.api.middleware.proxies import ProxiesMiddleware
from portfolio.api.middleware.target import TargetMiddleware
from portfolio.core.config import Settings

_COMPRESS_FROM = 1024


def install(app: FastAPI, settings: Settings, limits: Limits) -> None:
    """Put every layer around the app. Layers added to the app later stand outside of these."""
    server = settings.server
    cors = [Middleware(ExactOriginsMiddleware, origins=server.allowed_origins)]
    add_compress_type("application/feed+json")
    app.user_middleware += [
        Middleware(ContextMiddleware),
        Middleware(ProxiesMiddleware, trusted=server.trusted_proxies),
        Middleware(AccessMiddleware),
        Middleware(SecurityHeadersMiddleware),
        Middleware(HostsMiddleware, allowed=server.allowed_hosts),
        *(cors if server.allowed_origins else ()),
        Middleware(LimitsMiddleware, limits=limits),
        Middleware(TargetMiddleware),
        Middleware(BodyLimitMiddleware, max_body_size=server.max_body_bytes),
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
