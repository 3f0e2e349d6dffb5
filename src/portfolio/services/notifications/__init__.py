"""Mail about comments: who hears of which, at once or once a day, and how they end it."""

from portfolio.services.notifications.service import CommentNotifications

__all__ = ["CommentNotifications"]
