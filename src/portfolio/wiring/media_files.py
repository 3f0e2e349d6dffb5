"""What looks after the files of media; only commands ask for it."""

from portfolio.db.repositories.media_files import MediaFileRepository
from portfolio.services.media_check import MediaCheck
from portfolio.wiring import Services


def build_media_check(services: Services) -> MediaCheck:
    files = MediaFileRepository()
    return MediaCheck(
        services.database, files, services.storage, services.media, services.text_renewal
    )
