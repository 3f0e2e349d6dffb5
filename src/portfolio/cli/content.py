"""Content from elsewhere."""
