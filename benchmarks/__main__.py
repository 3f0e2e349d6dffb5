"""`python -m benchmarks [P1 … P8 S6 S53 S74 S96 profile freshness]`: runs them in turn, prints tables, writes results.md.

Without a name: P1 to P8.
"""

import argparse
import shlex
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import (
    bombs,
    chart,
    crowd,
    layers,
    login_timing,
    p1,
    p2,
    p3,
    p4,
    p5,
    p6,
    p7,
    p8,
    stalled,
)
from benchmarks.freshness import scenarios
from benchmarks.load import Plan, generator, say
from benchmarks.report import merge

BENCHMARKS = {
    "P1": p1.run,
    "P2": p2.run,
    "P3": p3.run,
    "P4": p4.run,
    "P5": p5.run,
    "P6": p6.run,
    "P7": p7.run,
    "P8": p8.run,
    "S6": login_timing.run,
    "S53": bombs.run,
    "S74": stalled.run,
    "S96": crowd.run,
    "profile": layers.run,
    "freshness": scenarios.run,
}
USUAL = [name for name in BENCHMARKS if name.startswith("P")]


def main() -> None:
    chosen, plan = _arguments()
    # A termination unwinds like Ctrl-C, so that every server is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    say(f"Load generator: {generator()}")
    sound = True
    for name in chosen:
        say(sys.modules[BENCHMARKS[name].__module__].__doc__ or name)
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            section = BENCHMARKS[name](plan, Path(folder))
        rendered = section.render(command)
        merge(name, rendered)
        chart.draw()
        print(rendered)
        sound = sound and section.sound
    sys.exit(not sound)


def _arguments() -> tuple[list[str], Plan]:
    default = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help=f"any of {', '.join(BENCHMARKS)}")
    parser.add_argument("--connections", type=_positive, default=default.connections)
    parser.add_argument("--seconds", type=_positive, default=default.seconds)
    parser.add_argument("--warm-up", type=_positive, default=default.warm_up)
    parser.add_argument("--rounds", type=_positive, default=default.rounds)
    given = parser.parse_args()
    if unknown := set(given.ids) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    plan = Plan(given.connections, given.seconds, given.warm_up, given.rounds)
    return list(dict.fromkeys(given.ids)) or USUAL, plan


def _positive(text: str) -> int:
    number = int(text)
    if not 0 < number <= 1_000:  # noqa: PLR2004 - bounds every loop
        raise argparse.ArgumentTypeError("from 1 to 1000")
    return number


if __name__ == "__main__":
    main()
