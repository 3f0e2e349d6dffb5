import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from portfolio.core.config.group import Group, split

Network = IPv4Network | IPv6Network
MOST_WORKERS = 64


def cores() -> int:
    """Those that this process may use, which may be fewer than the machine has."""
    known = hasattr(os, "sched_getaffinity")  # not on macOS
    count = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return min(count, MOST_WORKERS)


class ServerSettings(Group):
    environment: Literal["development", "production", "test"] = Field(
        "development",
        validation_alias="ENVIRONMENT",
        description="`production` hides the docs and asks for secrets of your own",
    )
    host: str = Field("127.0.0.1", validation_alias="HOST", description="Address to listen on")
    port: int = Field(
        8000, ge=0, le=65535, validation_alias="PORT", description="Port to listen on"
    )
    workers: int = Field(
        default_factory=cores,
        ge=1,
        le=MOST_WORKERS,
        validation_alias="WORKERS",
        description="Server processes (default: one for each core)",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        validation_alias="PUBLIC_URL",
        description="Address of this API as browsers see it",
    )
    account_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        validation_alias="ACCOUNT_URL",
        description="Where links in mails lead (default: /account below PUBLIC_URL)",
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        ["*"],
        validation_alias="ALLOWED_HOSTS",
        description="Host names answered to; `*` for any, `*.example.com` for subdomains",
    )
    allowed_origins: Annotated[list[str], NoDecode] = Field(
        [],
        validation_alias="ALLOWED_ORIGINS",
        description="Origins whose pages may call the API from a browser (CORS), exact",
    )
    trusted_proxies: Annotated[list[Network], NoDecode] = Field(
        [],
        validation_alias="TRUSTED_PROXIES",
        description="Addresses or networks whose X-Forwarded-* headers are believed",
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, validation_alias="MAX_BODY_BYTES", description="Largest request body"
    )
    docs_enabled: bool | None = Field(
        None,
        validation_alias="DOCS_ENABLED",
        description="Serve /docs, /redoc and /openapi.json (default: not in production)",
    )
    metrics_clients: Annotated[list[Network], NoDecode] = Field(
        ["127.0.0.0/8", "::1"],
        validate_default=True,
        validation_alias="METRICS_CLIENTS",
        description="Addresses or networks that may read /metrics",
    )

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return split(value)

    @field_validator("trusted_proxies", "metrics_clients", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        return [ip_network(part, strict=False) for part in split(value)]

    @field_validator("allowed_origins")
    @classmethod
    def _exact_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or set(rest) & set("/*?#@ "):
                raise ValueError(f"{origin!r} is no origin; write it like https://example.com")
        return value

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def serves_docs(self) -> bool:
        return not self.production if self.docs_enabled is None else self.docs_enabled

    @property
    def address(self) -> str:
        """Where this API is reached: PUBLIC_URL, or the address that it listens on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")
