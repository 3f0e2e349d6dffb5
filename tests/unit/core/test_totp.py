import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
import segno

from portfolio.core.totp import new_seed, provisioning_uri, qr_svg, step_of

# RFC 6238, appendix B, whose codes have eight digits: six are their end.
SEED = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]


class TestSeed:
    @pytest.mark.requirement("30")
    def test_has_160_bits(self) -> None:
        assert len(base64.b32decode(new_seed())) * 8 == 160

    def test_is_another_each_time(self) -> None:
        assert new_seed() != new_seed()


@pytest.mark.requirement("30")
class TestStep:
    @pytest.mark.parametrize(("seconds", "code"), VECTORS)
    def test_is_that_of_the_rfc(self, seconds: int, code: str) -> None:
        moment = datetime.fromtimestamp(seconds, UTC)
        assert step_of(SEED, code[-6:], moment) == seconds // 30

    @pytest.mark.parametrize(("steps", "taken"), [(-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)])
    def test_may_be_a_neighbour_and_no_farther(self, steps: int, taken: int) -> None:
        moment = datetime.fromtimestamp(1_234_567_890, UTC) - timedelta(seconds=30 * steps)
        found = step_of(SEED, "005924", moment)
        assert found == (1_234_567_890 // 30 if taken else None)

    def test_is_none_for_what_is_no_code(self) -> None:
        moment = datetime.fromtimestamp(1_234_567_890, UTC)
        wide = "".join(chr(0xFF10 + int(digit)) for digit in "005924")
        for code in ["", "00592", "0005924", "05924", "-05924", "abcdef", wide, "\ud800"]:
            assert step_of(SEED, code, moment) is None

    def test_minds_no_space_between_the_halves(self) -> None:
        assert step_of(SEED, "005 924", datetime.fromtimestamp(1_234_567_890, UTC)) is not None


class TestProvisioningUri:
    def test_names_the_seed_the_account_and_the_site(self) -> None:
        uri = urlsplit(provisioning_uri(SEED, "ada@example.com", "Ada & Co: notes"))
        assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
        assert unquote(uri.path) == "/Ada & Co: notes:ada@example.com"
        assert parse_qs(uri.query) == {"secret": [SEED], "issuer": ["Ada & Co: notes"]}

    def test_fits_into_a_qr_code_whatever_the_site_is_called(self) -> None:
        assert qr_svg(provisioning_uri(SEED, "ü" * 254, "😀" * 300))


class TestQr:
    URI = provisioning_uri(SEED, "ada@example.com", "Example")

    def test_shows_exactly_the_uri(self) -> None:
        drawing = ET.fromstring(qr_svg(self.URI))  # noqa: S314 - our own drawing
        side = int(drawing.attrib["viewBox"].split()[-1])
        dark = {
            (column, row)
            for path in drawing.iter("{http://www.w3.org/2000/svg}path")
            if "stroke" in path.attrib
            for column, row in _modules(path.attrib["d"])
        }
        border = 4
        wanted = {
            (column + border, row + border)
            for row, line in enumerate(segno.make(self.URI, micro=False).matrix)
            for column, module in enumerate(line)
            if module
        }
        assert dark == wanted
        assert side == segno.make(self.URI, micro=False).symbol_size()[0]

    def test_runs_nothing_and_refers_to_nothing(self) -> None:
        drawing = ET.fromstring(qr_svg(self.URI))  # noqa: S314 - our own drawing
        names = {each.tag.rpartition("}")[2] for each in drawing.iter()}
        attributes = {name for each in drawing.iter() for name in each.attrib}
        assert names == {"svg", "title", "path"}
        assert attributes <= {"viewBox", "class", "d", "stroke", "fill", "transform", "style"}
        assert "http" not in qr_svg(self.URI).replace("http://www.w3.org/2000/svg", "")


def _modules(path: str) -> set[tuple[int, int]]:
    """The squares that lines of width one cover: moves and horizontal lines only."""
    x = y = 0.0
    found: set[tuple[int, int]] = set()
    for verb, arguments in re.findall(r"([Mmh])([^Mmh]*)", path):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", arguments)]
        if verb == "h":
            found |= {(int(x) + step, int(y)) for step in range(int(numbers[0]))}
            x += numbers[0]
        elif verb == "M":
            x, y = numbers
        else:
            x, y = x + numbers[0], y + numbers[1]
    return found
