"""Live updates: a WebSocket, and the same as a stream of events."""
