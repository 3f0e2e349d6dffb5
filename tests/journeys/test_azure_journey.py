"""Codes by mail, which Azure Communication Services delivers."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from tests.factories.mail_servers import HOST, Azure, azure_server
from tests.factories.post_offices import AzurePostOffice
from tests.factories.visitors import Visitor
from tests.journeys.conftest import Serve

pytestmark = [pytest.mark.requirement(number) for number in ("27", "28")]
ACCESS_KEY = "c2VjcmV0"


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return made


@pytest.fixture
def azure() -> Azure:
    """It says twice that it is still at work before it says that the mail is sent."""
    running = {"id": "1", "status": "Running"}
    return Azure(outcomes=[running, running])


@pytest.fixture
async def connection_string(azure: Azure, authority: trustme.CA) -> AsyncIterator[str]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(tls)
    async with azure_server(azure, tls) as address:
        yield address


async def test_a_login_by_codes_that_come_by_mail(
    serve: Serve, azure: Azure, connection_string: str, tmp_path: Path
) -> None:
    server = await serve(
        AZURE_COMMUNICATION_CONNECTION_STRING=connection_string,
        MAIL_FROM="no-reply@folio.example",
        SSL_CERT_FILE=str(tmp_path / "authority.pem"),
        LOG_LEVEL="debug",
    )
    async with server.client() as client:
        ada = Visitor(client, letters=AzurePostOffice(azure))
        await ada.register()
        await ada.verify()
        await ada.log_in()
        enabled = await ada.ask("PUT", "/me/2fa/email", 200)
        assert len(enabled["recovery_codes"]) == 10
        await ada.post("/auth/logout", 204)

        challenge = await ada.log_in()
        assert challenge["two_factor_required"] is True
        assert challenge["methods"] == ["email", "recovery_code"]
        token = challenge["challenge_token"]
        codes = []
        for number in (1, 2):
            await ada.post("/auth/2fa/send", 202, challenge_token=token)
            codes.append((await ada.letter("Your sign-in code", number)).code())
        # A newer one replaces it; a wrong one does not.
        replaced = await ada.prove(challenge, "email", codes[0], 401)
        assert replaced["code"] == "invalid_code"
        await ada.prove(challenge, "email", codes[1])
        assert (await ada.get("/me"))["username"] == "ada"
        assert (await ada.prove(challenge, "email", codes[1], 401))["code"] == "invalid_code"
        refused = await ada.post("/auth/2fa/send", 401, challenge_token=token)
        assert refused["code"] == "invalid_code"

    said = server.output()
    assert azure.polls >= len(azure.posts)
    assert len({headers["operation-id"] for headers in azure.headers}) == len(azure.posts)
    assert not [secret for secret in (*codes, ACCESS_KEY, token) if f"{secret}" in said]
