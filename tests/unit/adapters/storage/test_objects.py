import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import AsyncClient
from obstore.store import S3Store
from tests.factories import pictures
from tests.factories.buckets import S3Server, address_of, silent_server

from portfolio.adapters.storage import Address, ObjectStorage, RemoteFile, open_storage
from portfolio.core.config.storage import StorageAddress
from portfolio.core.errors import UnavailableException

CONTENT = pictures.png(40, 30)
KEY = "ab/" + "c" * 38
AZURE = "az://media/site?account_name=folio&account_key=b3BlbnNlc2FtZQ=="
LONGEST = 600  # seconds for which a signed address may work


def made(url: str, **options: object) -> ObjectStorage:
    return ObjectStorage(StorageAddress.parse(url), **options)  # type: ignore[arg-type]  # test data


async def address_in(storage: ObjectStorage, key: str) -> Address:
    place = await storage.locate(key)
    assert isinstance(place, Address)
    return place


class TestPut:
    async def test_has_the_bucket_serve_it_as_we_would(self, bucket: str, picture: Path) -> None:
        storage = made(bucket, signs=True)
        stored = await storage.put(picture, "png")
        place = await address_in(storage, stored.key)
        async with AsyncClient() as browser:
            response = await browser.get(place.url)
        assert response.content == CONTENT
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Disposition"] == "inline"

    async def test_leaves_what_is_beside_the_prefix_alone(self, bucket: str, picture: Path) -> None:
        here, there = made(bucket), made(bucket.replace("/site?", "/other?"))
        stored = await here.put(picture, "png")
        assert await there.locate(stored.key) is None
        assert [kept async for kept in there.keys()] == []  # noqa: SIM118 - no dict


class TestLocate:
    async def test_without_further_settings_passes_the_file_on(
        self, bucket: str, picture: Path
    ) -> None:
        storage = made(bucket)
        stored = await storage.put(picture, "png")
        place = await storage.locate(stored.key)
        assert isinstance(place, RemoteFile)
        assert await place.read(0, place.size) == CONTENT
        assert await place.read(1, 3) == b"PNG"

    async def test_names_the_public_address(self, bucket: str) -> None:
        storage = made(bucket, public_url="https://cdn.example.com/site/")
        place = await address_in(storage, f"{KEY}.webp")
        assert place.url == f"https://cdn.example.com/site/{KEY}.webp"
        assert place.public

    async def test_signs_an_address_for_ten_minutes_at_most(self, bucket: str) -> None:
        place = await address_in(made(bucket, signs=True), f"{KEY}.webp")
        query = parse_qs(urlsplit(place.url).query)
        assert int(query["X-Amz-Expires"][0]) <= LONGEST
        assert not place.public
        assert place.seconds <= LONGEST

    async def test_signs_for_azure_too(self) -> None:
        place = await address_in(made(AZURE, signs=True), f"{KEY}.webp")
        parts = urlsplit(place.url)
        query = parse_qs(parts.query)
        assert parts.hostname == "folio.blob.core.windows.net"
        assert parts.path == f"/media/site/{KEY}.webp"
        assert query["sp"] == ["r"]
        begin, end = query["st"][0], query["se"][0]
        assert begin < end
        assert query["sig"]

    @pytest.mark.parametrize("way", [{"signs": True}, {"public_url": "https://cdn.example.com"}])
    async def test_never_sends_readers_to_what_may_carry_scripts(
        self, bucket: str, tmp_path: Path, way: dict[str, object]
    ) -> None:
        drawing = tmp_path / "drawing"
        drawing.write_bytes(pictures.svg())
        storage = made(bucket, **way)
        stored = await storage.put(drawing, "svg")
        assert isinstance(await storage.locate(stored.key), RemoteFile)


class TestAnObjectStoreThatIsAway:
    async def tries(self, storage: ObjectStorage, picture: Path) -> None:
        key = f"{KEY}.webp"
        for attempt in (
            storage.check(),
            storage.put(picture, "png"),
            storage.locate(key),
            storage.fetch(key, picture.parent / "fetched"),
            storage.delete(key),
            anext(storage.keys()),
        ):
            with pytest.raises(UnavailableException, match="Media cannot be reached"):
                await attempt

    async def test_is_given_up_soon_when_it_says_nothing(self, picture: Path) -> None:
        async with silent_server() as endpoint, asyncio.timeout(30):
            await self.tries(made(address_of(endpoint), patience=0.1), picture)

    async def test_is_given_up_soon_when_nobody_listens(self, picture: Path) -> None:
        async with silent_server() as endpoint:
            pass
        async with asyncio.timeout(30):
            await self.tries(made(address_of(endpoint), patience=0.5), picture)

    async def test_without_the_bucket_takes_nothing(self, s3: S3Server, picture: Path) -> None:
        storage = made(address_of(s3.endpoint, "nowhere"))
        for attempt in (storage.check(), storage.put(picture, "png")):
            with pytest.raises(UnavailableException):
                await attempt

    async def test_leaves_no_half_file(
        self, bucket: str, picture: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage, into = made(bucket), picture.parent / "fetched"
        stored = await storage.put(picture, "png")

        async def broken(*_arguments: object, **_options: object) -> None:
            raise TimeoutError

        monkeypatch.setattr(S3Store, "get_range_async", broken)
        with pytest.raises(UnavailableException):
            await storage.fetch(stored.key, into)
        assert not into.exists()


class TestOpenStorage:
    def test_takes_all_kinds_of_addresses(self) -> None:
        for url in (
            "s3://media?region=eu-central-1&virtual_hosted_style_request=true",
            AZURE,
            "gs://media/site",
        ):
            assert isinstance(open_storage(StorageAddress.parse(url)), ObjectStorage)

    def test_says_what_is_missing(self) -> None:
        with pytest.raises(ValueError, match=r"[Aa]ccount"):
            open_storage(StorageAddress.parse("az://media"))
