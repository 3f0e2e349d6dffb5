"""Telling spam from what people write."""

from portfolio.services.spam.filter import SpamFilter, Submission, Verdict, digest_of

__all__ = ["SpamFilter", "Submission", "Verdict", "digest_of"]
