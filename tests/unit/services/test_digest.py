from datetime import UTC, datetime

import pytest

from portfolio.services.notifications.choices import masked
from portfolio.services.notifications.digest import last_due


class TestLastDue:
    @pytest.mark.parametrize(
        ("now", "due"),
        [
            ("2026-11-22 07:00", "2026-11-22 07:00"),
            ("2026-11-22 06:59", "2026-11-21 07:00"),
            ("2026-11-22 23:59", "2026-11-22 07:00"),
            ("2026-01-01 00:00", "2025-12-31 07:00"),
        ],
    )
    def test_is_today_once_the_hour_has_come(self, now: str, due: str) -> None:
        assert last_due(at(now), 7) == at(due)

    def test_is_now_at_midnight(self) -> None:
        assert last_due(at("2026-11-22 00:00"), 0) == at("2026-11-22 00:00")


class TestMasked:
    @pytest.mark.parametrize(
        ("email", "shown"),
        [("ada@example.com", "a…@example.com"), ("a@b", "a…@b"), ('"a@b"@c.de', '"…@c.de')],
    )
    def test_shows_a_letter_and_where_the_mail_goes(self, email: str, shown: str) -> None:
        assert masked(email) == shown


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
