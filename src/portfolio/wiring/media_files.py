"""What looks after the files of media; only commands ask for it."""

from portfolio.adapters.storage import PUBLIC_PATH
from portfolio.db.repositories.media_files import MediaFileRepository
from portfolio.services.media_check import MediaCheck
from portfolio.wiring import Services


def build_media_check(services: Services) -> MediaCheck:
    return MediaCheck(services.database, MediaFileRepository(PUBLIC_PATH), services.storage)
