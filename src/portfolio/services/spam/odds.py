"""How likely a text is spam, from how often each of its words was.

Gary Robinson, "A Statistical Approach to the Spam Problem" (Linux Journal 107, 2003): each word's
share is drawn to the middle while little is known of it, and the shares are combined by Fisher's
method, once for being spam and once for being none.
"""

from collections.abc import Iterable, Sequence
from math import exp, log

from portfolio.models.spam import Seen

# Texts of each kind; before, the first few decisions would settle everything.
ENOUGH = 10
# Only so many words count, and only those that tell something.
MOST_TELLING, LEAST_TELLING = 150, 0.1
MIDDLE, STRENGTH = 0.5, 1.0


def spamminess(words: Iterable[Seen], texts: Seen) -> float | None:
    """From 0 to 1, and 0.5 where nothing is told; None while too few texts are known."""
    if min(texts) < ENOUGH:
        return None
    shares = sorted((_share(word, texts) for word in words), key=_tells, reverse=True)
    telling = [share for share in shares[:MOST_TELLING] if _tells(share) >= LEAST_TELLING]
    ham = [1 - share for share in telling]
    return (1 + _chance_of(telling) - _chance_of(ham)) / 2


def _share(word: Seen, texts: Seen) -> float:
    """Robinson's f(w), which is never 0 or 1."""
    spam, ham = word.spam / texts.spam, word.ham / texts.ham
    number = word.spam + word.ham
    known = number * spam / (spam + ham) if number else 0
    return (STRENGTH * MIDDLE + known) / (STRENGTH + number)


def _tells(share: float) -> float:
    return abs(share - MIDDLE)


def _chance_of(shares: Sequence[float]) -> float:
    """That their product is no greater than this: chi-square, with two degrees for each."""
    half = -sum(map(log, shares))
    term = total = exp(-half)
    for number in range(1, len(shares)):
        term *= half / number
        total += term
    return min(total, 1.0)
