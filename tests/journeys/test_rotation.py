"""A new signing key: with the old one beside it for a while, and without."""

import pytest
from tests.factories.back_doors import let_leases_run_out
from tests.factories.post_offices import PostOffice
from tests.factories.servers import VARIABLES, Server
from tests.factories.users import LOGIN
from tests.factories.visitors import Authenticator, Visitor
from tests.journeys.conftest import Serve

pytestmark = pytest.mark.requirement("25")
OLD, NEW, ANOTHER = VARIABLES["SECRET_KEY"], "n" * 32, "a" * 32


async def leaves_a_mail_that_waits(ada: Visitor, server: Server, post_office: PostOffice) -> None:
    await post_office.close()
    await ada.post("/auth/password/forgot", 202, email=ada.email)
    await server.says("job.failed")


async def is_still_signed_in(ada: Visitor) -> None:
    await ada.get("/me")
    await ada.refresh()
    await ada.get("/me")


async def is_still_known_while_others_lock_the_account(ada: Visitor, device: str) -> None:
    credentials = {"identifier": ada.email, "password": ada.password}
    for _ in range(5):
        await ada.log_in(401, password="guessed by somebody")
    await ada.log_in(429)
    known = {"Cookie": f"__Host-device={device}"}
    answer = await ada.client.post(LOGIN, json=credentials, headers=known)
    assert answer.status_code == 200
    assert answer.json()["two_factor_required"] is True


async def is_challenged_by_app(ada: Visitor, app: Authenticator, status: int) -> None:
    await ada.prove(await ada.log_in(), "totp", app.code(), status)


async def verifies_audit(server: Server) -> None:
    verified = await server.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def test_a_new_key_signs_nobody_out_while_the_old_one_is_known(
    serve: Serve, post_office: PostOffice, database_url: str
) -> None:
    server = await serve(SMTP_URL=post_office.url, MAIL_FROM="no-reply@folio.example")
    async with server.client() as client:
        ada = Visitor(client, letters=post_office)
        await ada.register()
        await ada.verify()
        await ada.log_in()
        device = ada.device
        app, recovery_codes = await ada.enrol()
        await leaves_a_mail_that_waits(ada, server, post_office)
    await server.stop()

    await post_office.open()
    await let_leases_run_out(database_url)
    await server.start(SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=OLD)
    async with server.client() as client:
        ada.client = client
        await is_still_signed_in(ada)
        letter = await ada.letter("Choose a new password")
        await is_challenged_by_app(ada, app, 200)
        await is_still_known_while_others_lock_the_account(ada, device)
        token = letter.token("/reset-password")
        ada.password = "another one of many words"
        await ada.post("/auth/password/reset", 204, token=token, password=ada.password)
        await ada.prove(await ada.log_in(), "recovery_code", recovery_codes[0])
    await verifies_audit(server)
    await server.stop()

    begun = len(server.output())
    await server.start(SECRET_KEY=ANOTHER, SECRET_KEY_PREVIOUS="")
    async with server.client() as client:
        ada.client = client
        await ada.get("/me", 401)
        await is_challenged_by_app(ada, app, 401)
        await server.says("two_factor.seal_broken", begun)
        await ada.prove(await ada.log_in(), "recovery_code", recovery_codes[1])
        await ada.get("/me")
