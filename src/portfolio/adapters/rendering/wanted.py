from enum import Flag, auto


class Wanted(Flag):
    """What is to be made of a picture; placeholder and dominant colour come with either."""

    ORIGINAL = auto()
    VARIANTS = auto()
    ALL = ORIGINAL | VARIANTS
