"""Runs side by side that give the ratios of docs and results.md; never part of a test."""
