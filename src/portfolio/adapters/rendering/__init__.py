"""What a picture goes through, in a process of its own that may be killed.

`python -m portfolio.adapters.rendering SOURCE FOLDER KIND WANTED` imports nothing of the rest, so
that it starts quickly and small; it knows no setting and no secret.
"""
