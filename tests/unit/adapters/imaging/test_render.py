"""What is made of a picture that does not move."""

from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image
from tests.factories import photos
from tests.factories.photos import BLUE, GREEN, RED, WHITE, colour_at, corners, encoded, is_like
from tests.unit.adapters.imaging.conftest import Render

SECRETS = (b"secret", b"Exif", b"http://ns.adobe.com", b"xpacket", b"ICC_PROFILE", b"iCCP", b"acsp")
KINDS = [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif"), ("GIF", "gif")]


class TestRender:
    @pytest.mark.parametrize(("kind", "extension"), KINDS)
    async def test_keeps_the_kind_and_adds_webp_and_avif(
        self, render: Render, kind: str, extension: str
    ) -> None:
        made = await render(encoded(photos.quarters(400, 300), kind))
        assert (made.original.extension, made.original.width, made.original.height) == (
            (extension, 400, 300)
        )
        assert [(v.extension, v.width, v.height) for v in made.variants] == [
            ("webp", 320, 240),
            ("avif", 320, 240),
        ]
        for each in [made.original, *made.variants]:
            assert photos.opened(each.path).size == (each.width, each.height)
            assert each.path.stat().st_size == each.bytes
            assert all(map(is_like, corners(each.path), [RED, BLUE, GREEN, WHITE]))

    async def test_makes_every_width_up_to_its_own(self, render: Render) -> None:
        made = await render(encoded(photos.quarters(1400, 70)))
        assert [v.width for v in made.variants if v.extension == "avif"] == [320, 640, 960, 1280]

    async def test_never_enlarges(self, render: Render) -> None:
        made = await render(encoded(photos.quarters(7, 5), "PNG"))
        assert [(v.width, v.height) for v in made.variants] == [(7, 5)] * 2

    async def test_makes_a_jpeg_of_heic(self, render: Render) -> None:
        heif = pytest.importorskip("pillow_heif")
        file = BytesIO()
        heif.from_pillow(photos.quarters()).save(file)
        made = await render(file.getvalue())
        assert made.original.extension == "jpg"
        assert all(map(is_like, corners(made.original.path), [RED, BLUE, GREEN, WHITE]))

    async def test_writes_what_was_compressed_hard_no_larger(self, render: Render) -> None:
        content = encoded(photos.noise(200, 200), quality=20)
        made = await render(content)
        assert made.original.bytes < 1.1 * len(content)


class TestMetadata:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    async def test_is_gone_from_every_file(self, render: Render, kind: str) -> None:
        content = encoded(
            photos.quarters(),
            kind,
            exif=photos.exif(description="secret"),
            xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>secret</x:xmpmeta>",
            icc_profile=photos.profile_with_red_and_blue_exchanged(),
            comment="secret",
        )
        assert b"acsp" in content or kind == "PNG"
        made = await render(content)
        for each in [made.original, *made.variants]:
            written = each.path.read_bytes()
            assert [secret for secret in SECRETS if secret in written] == []
            assert (
                not {"exif", "xmp", "icc_profile", "comment"} & photos.opened(each.path).info.keys()
            )

    async def test_of_a_gif_is_gone(self, render: Render) -> None:
        made = await render(encoded(photos.quarters(), "GIF", comment=b"secret"))
        assert b"secret" not in made.original.path.read_bytes()

    @pytest.mark.parametrize(("kind", "extension"), KINDS)
    async def test_is_gone_with_what_hides_behind_the_picture(
        self, render: Render, kind: str, extension: str
    ) -> None:
        made = await render(encoded(photos.quarters(), kind) + b"<script>alert(1)</script>")
        assert made.original.extension == extension
        assert b"<script>" not in made.original.path.read_bytes()

    async def test_that_is_broken_is_no_reason_to_refuse(self, render: Render) -> None:
        made = await render(encoded(photos.quarters(), exif=b"Exif\0\0no such thing"))
        assert made.original.width == 400


class TestOrientation:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    @pytest.mark.parametrize(
        ("orientation", "expected"),
        [
            (1, [RED, BLUE, GREEN, WHITE]),
            (3, [WHITE, GREEN, BLUE, RED]),
            (6, [GREEN, RED, WHITE, BLUE]),
            (8, [BLUE, WHITE, RED, GREEN]),
        ],
    )
    async def test_is_applied(
        self, render: Render, kind: str, orientation: int, expected: list[photos.Colour]
    ) -> None:
        made = await render(encoded(photos.quarters(), kind, exif=photos.exif(orientation)))
        upright = (made.original.width, made.original.height)
        assert upright == ((300, 400) if orientation > 4 else (400, 300))
        for each in [made.original, *made.variants]:
            assert all(map(is_like, corners(each.path), expected))


class TestColours:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    async def test_of_another_profile_become_srgb(self, render: Render, kind: str) -> None:
        profile = photos.profile_with_red_and_blue_exchanged()
        made = await render(encoded(photos.quarters(), kind, icc_profile=profile))
        for each in [made.original, *made.variants]:
            assert is_like(colour_at(each.path, 0.25, 0.25), BLUE, 40)

    async def test_survive_a_profile_that_is_none(self, render: Render) -> None:
        made = await render(encoded(photos.quarters(), icc_profile=b"no such thing"))
        assert is_like(colour_at(made.original.path, 0.25, 0.25), RED)

    @pytest.mark.parametrize(
        ("mode", "kind"),
        [("CMYK", "JPEG"), ("L", "JPEG"), ("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("LA", "PNG")],
    )
    async def test_of_every_mode_are_shown(self, render: Render, mode: str, kind: str) -> None:
        picture = photos.quarters().convert(mode)
        expected = picture.convert("RGB").getpixel((100, 75))
        assert isinstance(expected, tuple)
        made = await render(encoded(picture, kind))
        for each in [made.original, *made.variants]:
            assert mode == "1" or is_like(colour_at(each.path, 0.25, 0.25), expected)

    async def test_of_sixteen_bits_are_shown(self, render: Render) -> None:
        picture = Image.new("I;16", (400, 300), 0x8000)
        made = await render(encoded(picture, "PNG"))
        assert photos.opened(made.original.path).mode == "I;16"
        for each in made.variants:
            assert is_like(colour_at(each.path, 0.5, 0.5), (128, 128, 128), 3)

    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
    async def test_stay_transparent(self, render: Render, kind: str) -> None:
        picture = photos.quarters()
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
        made = await render(encoded(picture, kind))
        for each in [made.original, *made.variants]:
            assert colour_at(each.path, 0.25, 0.02)[3] < 40
            assert colour_at(each.path, 0.25, 0.98)[3] > 215

    async def test_stay_transparent_in_a_palette(self, render: Render) -> None:
        picture = photos.quarters().quantize(8)
        clear = picture.getpixel((0, 0))
        made = await render(encoded(picture, "PNG", transparency=clear))
        for each in [made.original, *made.variants]:
            assert colour_at(each.path, 0.25, 0.25)[3] == 0
            assert colour_at(each.path, 0.75, 0.75)[3] == 255


class TestDominantColour:
    async def test_is_the_most_frequent(self, render: Render) -> None:
        picture = Image.new("RGB", (400, 300), "#336699")
        picture.paste((255, 255, 0), (0, 0, 150, 300))
        made = await render(encoded(picture, "PNG"))
        assert made.color == "#336699"

    async def test_is_one_that_can_be_seen(self, render: Render) -> None:
        picture = Image.new("RGBA", (400, 300), (0, 255, 0, 0))
        picture.paste((0x33, 0x66, 0x99, 255), (0, 0, 50, 50))
        made = await render(encoded(picture, "PNG"))
        assert is_like(tuple(bytes.fromhex(made.color[1:])), (0x33, 0x66, 0x99), 8)


class TestPlaceholder:
    @pytest.mark.parametrize("size", [(400, 300), (30, 1_200), (2_000, 3), (1, 1)])
    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    async def test_is_a_tiny_picture(
        self, render: Render, size: tuple[int, int], mode: str
    ) -> None:
        made = await render(encoded(photos.noise(*size, mode=mode), "WEBP"))
        assert len(made.placeholder) < 400
        kind, _, data = made.placeholder.partition(",")
        assert kind == "data:image/webp;base64"
        with Image.open(BytesIO(b64decode(data))) as tiny:
            assert tiny.width <= 20

    async def test_is_20_pixels_wide(self, render: Render) -> None:
        made = await render(encoded(photos.quarters()))
        with Image.open(BytesIO(b64decode(made.placeholder.partition(",")[2]))) as tiny:
            assert tiny.size == (20, 15)
