from pathlib import Path

import pytest
from tests.factories import photos

from portfolio.core.errors import RetryableException
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.importers import shelf
from portfolio.importers.pictures import Picture
from portfolio.importers.shelf import Shelf
from portfolio.wiring import Services


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    path = tmp_path / "harbour.jpg"
    path.write_bytes(photos.encoded(photos.quarters(40, 30)))
    return Picture(path, "d1")


class TestHold:
    async def test_is_content_with_what_was_kept_just_now(
        self, services: Services, picture: Picture
    ) -> None:
        shelf = Shelf(services.picture_files, FileUseRepository())
        await shelf.keep({"harbour.jpg": picture})
        async with services.database.transaction() as db:
            await shelf.hold(db, [picture])

    async def test_has_kept_again_what_nothing_shows_any_more(
        self, services: Services, picture: Picture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelf, "SETTLING_SECONDS", 0)
        place = Shelf(services.picture_files, FileUseRepository())
        first, _ = await place.keep({"harbour.jpg": picture})
        key = first["harbour.jpg"].file.key
        await services.storage.delete(key)
        with pytest.raises(RetryableException):
            async with services.database.transaction() as db:
                await place.hold(db, [picture])
        assert await place.keep({"x.jpg": picture}) == ({"x.jpg": first["harbour.jpg"]}, {})
        assert await services.storage.locate(key) is not None
