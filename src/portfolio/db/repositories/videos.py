from typing import ClassVar

from portfolio.db.repositories.media import MediaRepository
from portfolio.models.media import Video


class VideoRepository(MediaRepository[Video]):
    model = Video
    sortable: ClassVar = {
        "position": Video.position,
        "created_at": Video.created_at,
        "updated_at": Video.updated_at,
    }
