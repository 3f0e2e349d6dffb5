import stat
from email.headerregistry import Address
from pathlib import Path

import pytest
from tests.factories.lines import captured
from tests.factories.mail_servers import make_message

from portfolio.adapters.mailer import sink
from portfolio.adapters.mailer.sink import FileMailer
from portfolio.core.errors import UnavailableException


@pytest.fixture
def mailer(tmp_path: Path, sender: Address) -> FileMailer:
    return FileMailer(tmp_path / "data" / "mail", sender)


class TestSend:
    async def test_keeps_the_mail_for_its_owner_only(self, mailer: FileMailer) -> None:
        await mailer.send(make_message(text="Grüße\n"))
        (kept,) = mailer.kept()
        assert (kept.to, kept.subject, kept.text) == ("ada@example.com", "Grüße", "Grüße")
        assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700

    async def test_writes_a_line_without_the_text(self, mailer: FileMailer) -> None:
        with captured() as lines:
            await mailer.send(make_message(text="the secret\n"))
        (line,) = lines
        assert (line["to"], line["subject"]) == ("ada@example.com", "Grüße")
        assert "the secret" not in str(line)

    async def test_forgets_the_oldest(
        self, mailer: FileMailer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sink, "KEPT", 3)
        for number in range(5):
            await mailer.send(make_message(subject=str(number)))
        assert [mail.subject for mail in mailer.kept()] == ["4", "3", "2"]

    async def test_says_what_keeps_it_from_keeping(self, tmp_path: Path, sender: Address) -> None:
        (tmp_path / "mail").write_text("a file where the folder should be")
        with pytest.raises(UnavailableException, match="File exists"):
            await FileMailer(tmp_path / "mail", sender).send(make_message())


class TestKept:
    def test_is_empty_before_the_first_mail(self, mailer: FileMailer) -> None:
        assert mailer.kept() == []
