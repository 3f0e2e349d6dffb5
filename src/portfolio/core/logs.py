"""One line for each thing that happens: JSON for machines, colours for people, secrets for nobody."""

import json
import logging
import re
import sys
from functools import lru_cache
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from portfolio.core.config import LoggingSettings
from portfolio.core.context import current

MASK = "***"
_SECRET_KEY = re.compile(
    r"passw|token|secret|authorization|cookie|pepper|api_?key"
    r"|(?:^|(?<!status)_)(?:code|otp|seed)s?$",
    re.IGNORECASE,
)
# Each alternative keeps what stands before the secret, so that a line still says what it was.
_SECRET_TEXT = re.compile(
    r"(?P<scheme>\b(?:bearer|basic)\s+)[\w.~+/=-]+"
    r"|\bpfl_[\w-]+"
    r"|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*){0,3}"
    r"|(?P<login>://[^/\s:@]*:)[^@\s/]+(?=@)"
    r"|(?P<query>[?&#][\w-]*(?:token|code|secret|password|key|sig|signature|signed)=)[^&\s\"']+",
    re.IGNORECASE,
)
_HINTS = "=", "://", "eyj", "pfl_", "bearer", "basic"
_MAX_DEPTH = 6
_FIRST = ("timestamp", "level", "event", "request_id", "actor", "client")
_QUIET = (
    "sqlalchemy",
    "asyncio",
    "azure",
    "httpcore2",
    "httpx2",
    "watchfiles",
    "multipart",
)


def configure(settings: LoggingSettings, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's loggers through one renderer to stderr.

    Every line carries UTC time, level and event; within a request also its id, actor and client.
    """
    stream = stream or sys.stderr
    as_json = settings.format == "json" or (settings.format == "auto" and not stream.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    chain = _chain(as_json=as_json, colors=stream.isatty())
    structlog.configure(
        processors=chain,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.set_name(__name__)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *chain],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.name != __name__] + [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    _take_over("uvicorn", "uvicorn.error", "uvicorn.asgi")
    # Our own access line has no query string, in which a mail link may carry its token.
    logging.getLogger("uvicorn.access").disabled = True
    # Below that it writes out handshakes and messages of WebSockets, with the tokens in them.
    logging.getLogger("uvicorn.error").setLevel(max(level, logging.INFO))
    # Our own line about a WebSocket comes when it is closed, without the query.
    logging.getLogger("uvicorn.error").addFilter(_says_more_than_a_handshake)
    # Its notes on every step say nothing that an owner could act on.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def masked(value: Any, depth: int = 0) -> Any:
    """The value without passwords, tokens and codes, at any place within it."""
    match value:
        case str():
            return _masked_text(value)
        case bool() | int() | float() | None:
            return value
        case _ if depth >= _MAX_DEPTH:
            return MASK
        case dict():
            return {
                key: MASK if _is_secret(str(key)) else masked(item, depth + 1)
                for key, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [masked(item, depth + 1) for item in value]
    return _masked_text(str(value))


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _masked_text(text: str) -> str:
    # Nearly every string is harmless, and looking for a hint costs a tenth of the expression.
    low = text.lower()
    if any(hint in low for hint in _HINTS):
        return _SECRET_TEXT.sub(_keep_label, text)
    return text


def _keep_label(match: re.Match[str]) -> str:
    return (match["scheme"] or match["login"] or match["query"] or "") + MASK


def _says_more_than_a_handshake(record: logging.LogRecord) -> bool:
    # An answer in the place of a handshake, which uvicorn takes for none.
    refused = record.msg == "ASGI callable returned without completing handshake."
    return not refused and (record.levelno > logging.INFO or "websockets" not in record.pathname)


def _take_over(*names: str) -> None:
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _chain(*, as_json: bool, colors: bool) -> list[Processor]:
    shared: list[Processor] = [
        # Plain tracebacks: the pretty ones print the values of local variables.
        structlog.processors.format_exc_info,
        _mask,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_context,
    ]
    if as_json:
        return [*shared, _render_json]
    return [*shared, _escape, structlog.dev.ConsoleRenderer(colors=colors)]


def _add_context(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    context = current()
    if context.request_id != "-":
        line.setdefault("request_id", context.request_id)
        line.setdefault("client", context.client)
        if context.actor_id is not None:
            line.setdefault("actor", context.actor_id)
    return line


def _mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {key: MASK if _is_secret(key) else masked(value) for key, value in line.items()}


def _escape(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Control characters stay visible, so that no input forges a line or moves the cursor."""
    return {
        key: (
            value.encode("unicode_escape").decode()
            if isinstance(value, str) and key != "exception" and not value.isprintable()
            else value
        )
        for key, value in line.items()
    }


def _render_json(_logger: WrappedLogger, _method: str, line: EventDict) -> str:
    ordered = {key: line.pop(key) for key in _FIRST if key in line}
    return json.dumps({**ordered, **line})
