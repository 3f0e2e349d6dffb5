"""Names for browsers, as people know them. Guesses, for mails and lists; nothing is decided by them."""

import re

# The first that occurs counts: every browser claims to be the ones before it.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device(agent: str) -> str:
    """What a User-Agent stands for: "Firefox on Linux", or the program's own name."""
    browser = next((name for mark, name in BROWSERS.items() if f"{mark}/" in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    program = re.match(r"[\w.-]{1,40}", agent)
    named = browser or (program[0] if program and program[0] != "Mozilla" else "")
    return f"{named} on {system}" if named and system else named or system or "an unknown device"
