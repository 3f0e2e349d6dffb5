from pathlib import Path

from pydantic import Field

from portfolio.core.config.group import Group


class StorageSettings(Group):
    data_dir: Path = Field(
        Path(".data"),
        validation_alias="DATA_DIR",
        description="Embedded database, media and generated secrets",
    )
