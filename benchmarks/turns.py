"""Sides take turns, each on a fresh server, so that what the machine does else meets both alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.load import Measured, Plan, measure, say
from benchmarks.servers import Command, running


@dataclass(frozen=True)
class Side:
    """What is started, and which paths are asked for under which name once it answers."""

    command: Command
    paths: Callable[[str], Mapping[str, str]]


def in_turn(sides: Sequence[Side], plan: Plan) -> list[dict[str, Measured]]:
    """The medians of every path, one dictionary for each side."""
    taken: list[dict[str, list[Measured]]] = [{} for _ in sides]
    for turn in range(1, plan.rounds + 1):
        for side, results in zip(sides, taken, strict=True):
            with running(side.command) as server:
                for name, path in side.paths(server.url).items():
                    measured = measure(server.url + path, plan)
                    results.setdefault(name, []).append(measured)
                    say(
                        f"  {turn}/{plan.rounds} {side.command.name}, {name}: "
                        f"{measured.rate:,.0f}/s, {measured.p50:.2f} ms"
                    )
    return [
        {name: Measured.median(measured) for name, measured in results.items()} for results in taken
    ]
