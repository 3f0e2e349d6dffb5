import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from portfolio.core.config.group import Group

Scheme = Literal["file", "s3", "az", "gs"]
# As the object stores themselves call them; what is left out comes from their usual variables.
_OPTIONS: Mapping[str, frozenset[str]] = {
    "file": frozenset(),
    "s3": frozenset(
        {
            "access_key_id",
            "endpoint",
            "region",
            "secret_access_key",
            "session_token",
            "virtual_hosted_style_request",
        }
    ),
    "az": frozenset({"account_key", "account_name", "endpoint", "sas_key"}),
    "gs": frozenset({"base_url", "service_account"}),
}
_BUCKET = re.compile(r"[\w$][\w.-]*", re.ASCII)
_FORMS = "write it as file:///folder, s3://bucket/prefix, az://container/prefix or gs://bucket"


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """`path`: the folder, or the prefix within the bucket, without slashes around it."""

    scheme: Scheme
    bucket: str
    path: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> "StorageAddress":
        """Raises ValueError, without a secret in it, also where the library for it is missing."""
        parts = urlsplit(url)
        scheme, path = parts.scheme, unquote(parts.path)
        options = dict(map(_option, parts.query.split("&"))) if parts.query else {}
        is_folder = scheme == "file"
        if scheme not in _OPTIONS or parts.fragment or ".." in path.split("/"):
            raise ValueError(_FORMS)
        if not (
            path.strip("/") and not parts.netloc if is_folder else _BUCKET.fullmatch(parts.netloc)
        ):
            raise ValueError(_FORMS)
        if options.keys() - _OPTIONS[scheme]:
            # Without the wrong one, which may be half a key that has an ampersand in it.
            known = ", ".join(sorted(_OPTIONS[scheme])) or "none"
            raise ValueError(f"the options of {scheme}:// are {known}")
        if not is_folder and find_spec("obstore") is None:
            raise ValueError("needs the extra `storage`; `pip install '.[storage]'` adds it")
        path = path if is_folder else path.strip("/")
        return cls(cast("Scheme", scheme), parts.netloc, path, options)


def _option(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    # No form: a key may have a plus in it, which means a plus.
    return name, unquote(value)


class StorageSettings(Group):
    data_dir: Path = Field(
        Path(".data"),
        validation_alias="DATA_DIR",
        description="Embedded database, media and generated secrets",
    )
    # Named in full: the bare field names are read as variables too, and PUBLIC_URL is another's.
    storage_url: str | None = Field(
        None,
        # With a key in it: `portfolio settings` masks that, repr() would not.
        repr=False,
        validation_alias="STORAGE_URL",
        description="Where media are kept: file:///…, s3://bucket/prefix, az://container/prefix or gs://bucket/prefix (default: in DATA_DIR)",
    )
    storage_public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        validation_alias="STORAGE_PUBLIC_URL",
        description="Where readers find the bucket of STORAGE_URL, such as a CDN (default: /media passes files on)",
    )
    storage_signed_urls: bool = Field(
        False,
        validation_alias="STORAGE_SIGNED_URLS",
        description="Send readers to a bucket that is not public, by addresses that work for 10 minutes",
    )

    upload_quota_mb: int = Field(
        500,
        ge=0,
        le=1024**3,
        validation_alias="UPLOAD_QUOTA_MB",
        description="Mebibytes kept of what one account uploaded; 0 for no limit",
    )
    upload_quota_files: int = Field(
        1000,
        ge=0,
        validation_alias="UPLOAD_QUOTA_FILES",
        description="Pictures and videos kept of what one account uploaded; 0 for no limit",
    )

    @field_validator("storage_url")
    @classmethod
    def _usable(cls, value: str | None) -> str | None:
        if value is not None:
            StorageAddress.parse(value)
        return value

    @property
    def address(self) -> StorageAddress:
        """STORAGE_URL, or the folder `media` in DATA_DIR."""
        if self.storage_url:
            return StorageAddress.parse(self.storage_url)
        return StorageAddress("file", "", str(self.data_dir / "media"), {})
