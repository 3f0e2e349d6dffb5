"""P7: a 12-megapixel JPEG to all its variants, against plain Pillow; and reads meanwhile."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter

from PIL import Image, ImageOps

from benchmarks import content, seeding
from benchmarks.load import Measured, Plan, measure, say
from benchmarks.report import Row, Section, comparison, method
from benchmarks.servers import portfolio, running
from portfolio.adapters.imaging import WIDTHS, Imaging

TARGET, P99 = 1.3, 2
SIZE = (4000, 3000)
POSTS = 1_000
READERS, PAUSE = 10, 40  # some 240 requests a second
PATH = "/api/v1/posts?limit=20"
PATIENCE = 120
# As portfolio.adapters.rendering has it: beyond, the better half of AVIF's effort takes seconds.
SMALL = 1_300_000


def run(plan: Plan, folder: Path) -> Section:
    """Ours starts a process for the picture; the other side is warm in this one."""
    source = folder / "photo.jpg"
    _photo().save(source, quality=90)
    ours, theirs = _rendered(source, plan)
    moderate = replace(plan, connections=READERS, pause=PAUSE)
    quiet, busy = _read(source, folder, moderate)
    rows = [
        Row("12 megapixels, all variants", ours, theirs, "s", "≤", TARGET),
        Row("p99, list of 20", busy.p99, quiet.p99, "ms", "≤", P99),
    ]
    size, widths = source.stat().st_size / 1e6, ", ".join(map(str, WIDTHS))
    rates = f"{busy.rate:,.0f} and {quiet.rate:,.0f} requests a second"
    latencies = f"median latency {busy.p50:.2f} and {quiet.p50:.2f} ms"
    notes = [
        f"A JPEG of {size:.1f} MB: itself again, WebP and AVIF {widths} wide, with equal settings.",
        "Ours starts a process for the picture, and finds a placeholder and a colour besides.",
        "Ours makes each width from the next larger one; plain Pillow, which is warm, from all.",
        f"Pillow {version('pillow')}; no encoder of ours takes more than one core.",
        "List of 20: while one picture after the other is rendered beside the server, and without.",
        f"{POSTS:,} posts in SQLite, one worker, response cache off; {rates}, {latencies}.",
    ]
    sides = "portfolio / while rendering", "plain Pillow / without"
    return Section("P7", "pictures", comparison(sides, rows), [*notes, method(moderate)])


def _photo() -> Image.Image:
    """Edges, gradients and the grain of a camera."""
    smooth = Image.radial_gradient("L").resize(SIZE)
    bands = []
    for left in (-1.6, -1.5, -1.4):
        view = left, -1.1, left + 2, 1.0
        scene = Image.effect_mandelbrot((SIZE[0] // 4, SIZE[1] // 4), view, 90)
        scene = Image.blend(scene.resize(SIZE, Image.Resampling.BICUBIC), smooth, 0.4)
        bands.append(Image.blend(scene, Image.effect_noise(SIZE, 40), 0.15))
    return Image.merge("RGB", bands)


def _rendered(source: Path, plan: Plan) -> tuple[float, float]:
    """Median seconds of both sides, in turn; the first of each does not count."""
    sides: list[Callable[[Path, Path], None]] = [_ours, _plain]
    taken: list[list[float]] = [[] for _ in sides]
    for turn in range(plan.rounds + 1):
        for render, seconds in zip(sides, taken, strict=True):
            with TemporaryDirectory() as folder:
                start = perf_counter()
                render(source, Path(folder))
                seconds.append(perf_counter() - start)
            say(f"  {turn}/{plan.rounds} {render.__name__}: {seconds[-1]:.2f} s")
    ours, theirs = (median(seconds[1:]) for seconds in taken)
    return ours, theirs


def _ours(source: Path, folder: Path) -> None:
    asyncio.run(Imaging(workers=1, seconds=PATIENCE).render(source, folder))


def _plain(source: Path, folder: Path) -> None:
    with Image.open(source) as opened:
        picture = ImageOps.exif_transpose(opened)
    picture.save(folder / "original.jpg", quality=90, progressive=True, optimize=True)
    for width in WIDTHS:
        size = width, round(width * picture.height / picture.width)
        variant = picture.resize(size, Image.Resampling.LANCZOS)
        variant.save(folder / f"{width}.webp", quality=80, method=4)
        speed = 6 if size[0] * size[1] <= SMALL else 8
        variant.save(folder / f"{width}.avif", quality=55, speed=speed)


def _read(source: Path, folder: Path, plan: Plan) -> tuple[Measured, Measured]:
    """Medians of the reads without and with pictures."""
    database = folder / "portfolio.db"
    seeding.seed_portfolio(database, content.posts(POSTS))
    server = portfolio(database, folder)
    quiet, busy = [], []
    for turn in range(1, plan.rounds + 1):
        with running(server) as running_server:
            url = running_server.url + PATH
            quiet.append(measure(url, plan))
            with _rendering(source):
                busy.append(measure(url, plan))
        say(f"  {turn}/{plan.rounds} p99 {quiet[-1].p99:.2f} ms, {busy[-1].p99:.2f} with pictures")
    return Measured.median(quiet), Measured.median(busy)


@contextmanager
def _rendering(source: Path) -> Iterator[None]:
    """One picture after the other, as the application renders them."""
    stop = Event()

    def render() -> None:
        while not stop.is_set():
            with TemporaryDirectory() as folder:
                _ours(source, Path(folder))

    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(render)
        try:
            yield
        finally:
            stop.set()
        under_way.result()
