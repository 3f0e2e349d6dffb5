"""A self-hosted backend for a portfolio site and blog."""

__version__ = "0.1.0"
