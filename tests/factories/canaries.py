"""Secrets that must be found nowhere."""

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

LONG = 12  # characters: what is shorter may stand there by chance, within something else


class Canaries:
    """Each secret with its name, in the forms in which it may turn up."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def add(self, name: str, secret: str) -> str:
        """Returns the secret."""
        assert secret
        forms = {secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()}
        for form in forms | {secret.replace("-", ""), secret.removeprefix("pfl_")}:
            self._secrets[form] = name
        return secret

    def add_all(self, name: str, answer: Any) -> Any:
        """Whatever in an answer is a secret by its key. Returns the answer."""
        if isinstance(answer, dict):
            for key, value in answer.items():
                if isinstance(value, str) and re.search(r"token$|secret", key):
                    self.add(f"{name}: {key}", value)
        return answer

    def found_in(self, text: str) -> dict[str, str]:
        """The names of those that stand there, each with a line that has it."""
        return {
            name: next(line for line in text.splitlines() if _stands_in(secret, line))
            for secret, name in self._secrets.items()
            if _stands_in(secret, text)
        }

    def found_below(self, folder: Path) -> set[str]:
        """In any file, as bytes; but for short ones, which any bytes may look like."""
        files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        return {
            name
            for secret, name in self._secrets.items()
            if len(secret) >= LONG and any(secret.encode() in content for content in files)
        }


def _stands_in(secret: str, text: str) -> bool:
    if len(secret) >= LONG:
        return secret in text
    # The digits after the point of a second are no code.
    return re.search(rf"(?<![\w.]){re.escape(secret)}(?!\w)", text) is not None


class Listener:
    """Notes each refusal that a client is given."""

    def __init__(self) -> None:
        self.refusals: list[str] = []

    async def __call__(self, answer: httpx2.Response) -> None:
        if answer.is_error:
            await answer.aread()
            self.refusals.append(f"{answer.status_code} {answer.headers} {answer.text}")
