"""Prints as JSON what was made of the picture, or why nothing was."""

import json
import os
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from portfolio.adapters.rendering import moving, still
from portfolio.adapters.rendering.limits import Refusal
from portfolio.adapters.rendering.opening import count_frames, is_moving, open_picture
from portfolio.adapters.rendering.wanted import Wanted

_MIB = 1024 * 1024
# What the largest AVIF takes to be written again.
MEMORY = 2048 * _MIB
LARGEST_FILE = 64 * _MIB
# The parent, if it still lives, loses patience sooner.
CPU_SECONDS = 12
_NICENESS = 10


def main() -> None:
    source, folder, kind, wanted = sys.argv[1:]
    _restrict()
    answer = _answer(Path(source), Path(folder), kind, Wanted(int(wanted)))
    json.dump(answer, sys.stdout)


def _answer(source: Path, folder: Path, kind: str, wanted: Wanted) -> dict[str, Any]:
    try:
        picture = open_picture(source, kind)
        if is_moving(picture, kind):
            rendered = moving.render(picture, kind, folder, count_frames(picture), wanted)
        else:
            rendered = still.render(picture, kind, folder, wanted)
    except Refusal as refusal:
        return {"status": refusal.status, "detail": refusal.detail}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"status": 422, "detail": "the picture has too many pixels"}
    except MemoryError:
        return {"status": 422, "detail": "the picture needs too much memory"}
    except Exception as error:  # noqa: BLE001 - decoders of hostile files raise anything
        if _is_full(folder):
            return {"status": 507, "detail": "no room"}
        return {"status": 422, "detail": "the picture is broken", "reason": repr(error)}
    return asdict(rendered)


def _is_full(folder: Path) -> bool:
    """Encoders do not tell in the same way that the disk takes no more, if they tell at all."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize < _MIB


def _restrict() -> None:
    """Requests to the server come first."""
    os.nice(_NICENESS)
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        # Not every system counts all of these, and some allow less already.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
