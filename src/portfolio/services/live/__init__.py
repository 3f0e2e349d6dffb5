"""Telling people who have a page open what has just happened."""

from portfolio.services.live.service import LiveService, Told

__all__ = ["LiveService", "Told"]
