"""A message by the contact form, from a visitor's browser to the owner's mail program and back."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from tests.factories.letters import BROWSER, LETTER, URL
from tests.factories.post_offices import PostOffice
from tests.factories.servers import ADMIN
from tests.journeys.conftest import Manage, Serve

SENDER = "no-reply@folio.example"
# Ten times what is promised: nobody waited for the mail server, which would take longer.
AT_ONCE = timedelta(seconds=5)
VISITOR = LETTER["email"]
SITE = "https://folio.example"


def one_to(post_office: PostOffice, address: str) -> EmailMessage:
    """The only mail whose envelope has this recipient."""
    box = post_office.mailbox
    pairs = zip(box.recipients, box.mails, strict=True)
    (found,) = [mail for recipient, mail in pairs if recipient == address]
    return found


@pytest.mark.requirement("49")
@pytest.mark.requirement("87")
async def test_a_message_survives_that_mail_is_down_and_is_answered(
    serve: Serve, manage: Manage, post_office: PostOffice
) -> None:
    server = await serve(
        SMTP_URL=post_office.url,
        MAIL_FROM=f"Folio <{SENDER}>",
        SITE_URL=SITE,
        CONTACT_RECEIPT="true",
    )
    await post_office.close()
    async with server.client() as browser:
        form = LETTER | {"redirect": f"{SITE}/thanks"}
        answer = await browser.post(URL, data=form, headers=BROWSER, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{SITE}/thanks")
        assert answer.elapsed < AT_ONCE
        spam = await browser.post(URL, json=LETTER | {"subtitle": "x", "email": "eve@example.net"})
        assert spam.status_code == 202
    await server.says("job.failed")
    assert post_office.mailbox.mails == []

    await post_office.open()
    # Each within a minute.
    await post_office.letter(ADMIN, LETTER["subject"])
    receipt = await post_office.letter(VISITOR, "Your message to Folio has arrived")
    told = one_to(post_office, ADMIN)
    assert told.get_content_type() == "text/plain"
    assert (told["To"], told["Reply-To"]) == (ADMIN, VISITOR)
    assert told["From"] == f"Folio <{SENDER}>"
    assert "> Could we have your slides?" in told.get_content()
    assert LETTER["message"].split()[-1] not in receipt.text + receipt.html
    assert receipt.reply_to is None
    one_to(post_office, VISITOR)
    assert set(post_office.mailbox.senders) == {SENDER}

    owner = await manage(server)
    (kept,) = (await owner.get("/contact/messages?unread=true"))["items"]
    await owner.post(f"/contact/messages/{kept['id']}/reply", 201, body="Dear Ada,\n\nof course.")
    reply = await post_office.letter(VISITOR, f"Re: {LETTER['subject']}")
    assert reply.text.splitlines()[:3] == ["Dear Ada,", "", "of course."]
    assert "> Could we have your slides?" in reply.text
    assert (reply.reply_to, reply.html) == (ADMIN, "")
    assert "eve@example.net" not in post_office.mailbox.recipients
    assert len(post_office.mailbox.mails) == 3
