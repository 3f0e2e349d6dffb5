"""The command `portfolio`."""
