"""Telling people who have a page open what has just happened."""

from portfolio.services.live.access import Listener, LiveAccess
from portfolio.services.live.hub import Hub
from portfolio.services.live.retention import LiveRetention
from portfolio.services.live.service import LiveService, Told

__all__ = ["Hub", "Listener", "LiveAccess", "LiveRetention", "LiveService", "Told"]
