"""Somebody with an account, who knows of the product only what is documented."""

from datetime import datetime
from time import time
from typing import Any, Protocol

import httpx2
import pyotp
from tests.factories.post_offices import Letter
from tests.factories.servers import ADMIN, ADMIN_PASSWORD
from tests.factories.users import bearing

PASSWORD = "violet engines hum"
TOTP_SECONDS = 30
PROBLEM = {"detail", "title", "status", "code", "request_id"}
ME = {
    "id",
    "username",
    "display_name",
    "avatar_url",
    "email",
    "role",
    "created_at",
    "updated_at",
}
TOKENS = {"access_token", "refresh_token", "token_type", "expires_in", "user"}


class Letters(Protocol):
    async def letter(self, to: str, about: str, number: int = 1, seconds: float = 60) -> Letter: ...


class Authenticator:
    """An app that makes codes, and no code twice."""

    def __init__(self, seed: str) -> None:
        self._codes = pyotp.TOTP(seed)
        self._last = 0

    def code(self) -> str:
        """The next one; right after the one of this half minute that is the one to come."""
        self._last = max(self._last + 1, int(time()) // TOTP_SECONDS)
        return self._codes.generate_otp(self._last)


class Visitor:
    def __init__(
        self,
        client: httpx2.AsyncClient,
        name: str = "ada",
        password: str = PASSWORD,
        letters: Letters | None = None,
    ) -> None:
        self.client = client
        self.name = name
        self.email = f"{name}@example.com"
        self.password = password
        self.tokens: dict[str, Any] = {}
        self.device = ""
        self._letters = letters

    async def ask(self, method: str, path: str, status: int, /, **body: Any) -> Any:
        """The answer, which has to have this status; a refusal has the one shape of all."""
        token = self.tokens.get("access_token")
        answer = await self.client.request(
            method,
            f"/api/v1{path}",
            json=body or None,
            headers=bearing(token) if token else None,
        )
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        self.device = answer.cookies.get("__Host-device") or self.device
        if status == httpx2.codes.NO_CONTENT:
            assert answer.content == b""
            return None
        found = answer.json()
        if status >= httpx2.codes.BAD_REQUEST:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert found.keys() - {"errors"} == PROBLEM
            assert found["status"] == status
            assert found["request_id"] == answer.headers["X-Request-ID"]
        return found

    async def get(self, path: str, status: int = 200) -> Any:
        return await self.ask("GET", path, status)

    async def post(self, path: str, status: int, /, **body: Any) -> Any:
        return await self.ask("POST", path, status, **body)

    async def letter(self, about: str, number: int = 1) -> Letter:
        assert self._letters is not None
        return await self._letters.letter(self.email, about, number)

    async def register(self) -> None:
        await self.post(
            "/auth/register", 202, email=self.email, username=self.name, password=self.password
        )

    async def verify(self) -> None:
        letter = await self.letter("Confirm your e-mail address")
        await self.post("/auth/verify-email", 204, token=letter.token("/verify-email"))

    async def log_in(self, status: int = 200, **changes: str) -> Any:
        """With tokens, which are kept; or with a challenge, or a refusal."""
        self.tokens = {}
        credentials = {"identifier": self.email, "password": self.password} | changes
        return self.signed_in(await self.post("/auth/login", status, **credentials))

    async def prove(self, challenge: Any, method: str, code: str, status: int = 200) -> Any:
        """The second step of a login."""
        self.tokens = {}
        body = {"challenge_token": challenge["challenge_token"], "method": method, "code": code}
        return self.signed_in(await self.post("/auth/2fa/verify", status, **body))

    async def refresh(self, status: int = 200, token: str | None = None) -> Any:
        token = token or self.tokens["refresh_token"]
        self.tokens = {}
        return self.signed_in(await self.post("/auth/refresh", status, refresh_token=token))

    async def enrol(self) -> tuple[Authenticator, list[str]]:
        """An authenticator app, and the recovery codes that come with it."""
        enrolment = await self.post("/me/2fa/totp", 200)
        app = Authenticator(enrolment["secret"])
        confirmed = await self.post("/me/2fa/totp/confirm", 200, code=app.code())
        return app, confirmed["recovery_codes"]

    def signed_in(self, answer: Any) -> Any:
        if "access_token" in answer:
            assert answer.keys() == TOKENS
            assert answer["user"].keys() == ME
            assert answer["token_type"] == "bearer"
            assert 0 < answer["expires_in"] <= 900
            assert datetime.fromisoformat(answer["user"]["created_at"]).tzinfo is not None
            self.tokens = answer
        return answer


class Owner(Visitor):
    """The first admin, made by the settings."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        super().__init__(client, "owner", ADMIN_PASSWORD)
        self.email = ADMIN

    async def audit(self, **filters: str) -> list[Any]:
        """The newest hundred entries."""
        query = "&".join(f"{name}={value}" for name, value in ({"limit": "100"} | filters).items())
        entries: list[Any] = (await self.get(f"/audit?{query}"))["items"]
        return entries
