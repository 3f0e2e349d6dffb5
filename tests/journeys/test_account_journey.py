"""One account, from its first minute to after its end."""

from typing import Any

import pytest
from tests.factories.back_doors import let_five_minutes_pass
from tests.factories.post_offices import PostOffice
from tests.factories.servers import Server
from tests.factories.visitors import Authenticator, Visitor
from tests.journeys.conftest import Manage, Serve, Visit

pytestmark = [
    pytest.mark.requirement(number) for number in ("22", "27", "30", "31", "32", "33", "83")
]
NEW_PASSWORD = "amber turbines sing"


async def registers(ada: Visitor) -> None:
    body = {"email": "Ada@Example.com", "username": "Ada", "password": ada.password}
    answer = await ada.post("/auth/register", 202, **body, display_name="Ada Lovelace")
    assert answer.keys() == {"detail", "verification_required"}
    assert answer["verification_required"] is True
    assert (await ada.log_in(401))["code"] == "invalid_credentials"


async def verifies(ada: Visitor) -> None:
    letter = await ada.letter("Confirm your e-mail address")
    token = letter.token("/verify-email")
    await ada.post("/auth/verify-email", 204, token=token)
    assert (await ada.post("/auth/verify-email", 400, token=token))["code"] == "invalid_token"


async def logs_in(ada: Visitor) -> None:
    user = (await ada.log_in(identifier="ADA"))["user"]
    assert (user["email"], user["username"], user["role"]) == (ada.email, "ada", "user")
    assert user["display_name"] == "Ada Lovelace"
    assert await ada.get("/me") == user
    (session,) = (await ada.get("/me/sessions"))["items"]
    assert session["current"] is True


async def enrols(ada: Visitor) -> tuple[Authenticator, list[str]]:
    state = await ada.get("/me/2fa")
    assert (state["enabled"], state["methods"]) == (False, [])
    enrolment = await ada.post("/me/2fa/totp", 200)
    assert enrolment.keys() == {"secret", "otpauth_uri", "qr_svg"}
    assert enrolment["otpauth_uri"].startswith("otpauth://totp/Folio:ada%40example.com?")
    assert enrolment["qr_svg"].startswith("<svg")
    app = Authenticator(enrolment["secret"])
    confirmed = await ada.post("/me/2fa/totp/confirm", 200, code=app.code())
    assert confirmed.keys() == {"recovery_codes"}
    codes = confirmed["recovery_codes"]
    assert len(set(codes)) == 10
    state = await ada.get("/me/2fa")
    assert (state["enabled"], state["methods"]) == (True, ["totp", "recovery_code"])
    return app, codes


async def logs_out(ada: Visitor) -> None:
    await ada.post("/auth/logout", 204)
    assert (await ada.get("/me", 401))["code"] == "unauthorized"
    await ada.refresh(401)


async def is_challenged(ada: Visitor) -> Any:
    challenge = await ada.log_in()
    assert challenge.keys() == {"two_factor_required", "challenge_token", "methods"}
    assert challenge["two_factor_required"] is True
    assert challenge["methods"] == ["totp", "recovery_code"]
    return challenge


async def proves_by_app(ada: Visitor, app: Authenticator) -> None:
    challenge = await is_challenged(ada)
    code = app.code()
    await ada.prove(challenge, "totp", code)
    await ada.get("/me")
    # Neither the challenge nor the code works again.
    assert (await ada.prove(challenge, "totp", code, 401))["code"] == "invalid_code"
    assert (await ada.prove(await is_challenged(ada), "totp", code, 401))["code"] == "invalid_code"


async def proves_by_recovery_code(ada: Visitor, code: str) -> None:
    await ada.prove(await is_challenged(ada), "recovery_code", code.upper())
    assert (await ada.get("/me/2fa"))["recovery_codes_left"] == 9
    await ada.letter("Two-factor sign-in at Folio was changed", number=2)
    refused = await ada.prove(await is_challenged(ada), "recovery_code", code, 401)
    assert refused["code"] == "invalid_code"


async def loses_a_copy_of_a_refresh_token(ada: Visitor, code: str) -> None:
    first = (await ada.prove(await is_challenged(ada), "recovery_code", code))["refresh_token"]
    second = (await ada.refresh())["refresh_token"]
    third = (await ada.refresh())["refresh_token"]
    assert len({first, second, third}) == 3
    member = ada.tokens
    # Not the immediate predecessor, so no grace.
    assert (await ada.refresh(401, first))["code"] == "invalid_refresh_token"
    assert (await ada.refresh(401, third))["code"] == "invalid_refresh_token"
    ada.tokens = member
    await ada.get("/me", 401)
    await ada.letter("You were signed out")


async def resets_the_password(ada: Visitor, code: str) -> None:
    await ada.prove(await is_challenged(ada), "recovery_code", code)
    living = ada.tokens
    ada.tokens = {}
    known = await ada.post("/auth/password/forgot", 202, email=ada.email.upper())
    assert known == await ada.post("/auth/password/forgot", 202, email="nobody@example.com")
    token = (await ada.letter("Choose a new password")).token("/reset-password")
    short = await ada.post("/auth/password/reset", 422, token=token, password="short")
    assert [error["field"] for error in short["errors"]] == ["password"]
    await ada.post("/auth/password/reset", 204, token=token, password=NEW_PASSWORD)
    again = await ada.post("/auth/password/reset", 400, token=token, password=NEW_PASSWORD)
    assert again["code"] == "invalid_token"
    ada.tokens = living
    await ada.get("/me", 401)
    await ada.refresh(401)
    assert (await ada.log_in(401))["code"] == "invalid_credentials"
    ada.password = NEW_PASSWORD
    await ada.letter("Your password for Folio was changed")


async def deletes_the_account(ada: Visitor, code: str, database_url: str) -> None:
    await ada.prove(await is_challenged(ada), "recovery_code", code)
    await let_five_minutes_pass(database_url)
    assert (await ada.ask("DELETE", "/me", 403))["code"] == "reauth_required"
    wrong = await ada.post("/me/reauthenticate", 403, password="not my password")
    assert wrong["code"] == "wrong_password"
    assert (await ada.ask("DELETE", "/me", 403))["code"] == "reauth_required"
    await ada.post("/me/reauthenticate", 204, password=ada.password)
    export = await ada.post("/me/export", 200)
    assert ada.email in str(export)
    assert code not in str(export)
    await ada.ask("DELETE", "/me", 204)


async def is_gone(ada: Visitor) -> None:
    last = ada.tokens
    assert (await ada.get("/me", 401))["code"] == "unauthorized"
    await ada.post("/me/export", 401)
    await ada.refresh(401, last["refresh_token"])
    assert (await ada.log_in(401))["code"] == "invalid_credentials"
    await ada.post("/auth/password/forgot", 202, email=ada.email)
    await ada.letter("Your account at Folio was deleted")


async def leaves_no_address_in_the_audit(server: Server, manage: Manage, ada: Visitor) -> None:
    owner = await manage(server)
    entries = await owner.audit()
    assert {"user:registered", "two_factor:totp_enabled", "user:deleted"} <= {
        entry["action"] for entry in entries
    }
    assert ada.email not in str(entries)
    users = (await owner.get("/users?limit=100"))["items"]
    assert [user["username"] for user in users] == ["owner"]
    verified = await server.command("audit", "verify")
    assert verified.returncode == 0, verified.stderr


async def test_an_account_lives_and_ends(
    serve: Serve, visit: Visit, manage: Manage, post_office: PostOffice, database_url: str
) -> None:
    server = await serve(SMTP_URL=post_office.url, MAIL_FROM="Folio <no-reply@folio.example>")
    ada = await visit(server)
    await registers(ada)
    await verifies(ada)
    await logs_in(ada)
    app, recovery_codes = await enrols(ada)
    await logs_out(ada)
    await proves_by_app(ada, app)
    await proves_by_recovery_code(ada, recovery_codes[0])
    await loses_a_copy_of_a_refresh_token(ada, recovery_codes[1])
    await resets_the_password(ada, recovery_codes[2])
    await deletes_the_account(ada, recovery_codes[3], database_url)
    await is_gone(ada)
    await leaves_no_address_in_the_audit(server, manage, ada)
