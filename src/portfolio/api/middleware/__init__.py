"""Layers around the app: plain ASGI, one subject each."""
