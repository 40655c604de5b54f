"""Logs as lines of JSON (or readable lines under the supervisor) that carry ids, numbers and names, never texts.

Suggestions, rationales and prompts must not leak into logs. Code can forget that, so a processor enforces it: a value
that could be prose is replaced by its length, and a traceback keeps the frames but not the message, because a database
error quotes the row it refused.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from types import TracebackType
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

STYLES = ("json", "console")
PLAIN = (int, float, Decimal, UUID, date, PurePath)
# One token without blanks: an id, a code, a path, a class name. Prose has blanks.
TOKEN = re.compile(r"[\w.:/@+,=<>()\[\]{}*-]{0,200}", re.ASCII)
OURS = frozenset({"event", "level", "logger", "timestamp", "error", "frames"})
# The address of a contributor's own link holds its secret, and the servers' own messages quote addresses.
LINK = re.compile(r"(?<=/c/)[\w~%-]{16,}")
NOISY = ("celery.app.trace", "celery.beat", "celery.worker.strategy", "kombu", "urllib3", "asyncio")


class Stderr(logging.Handler):
    """Writes to what `sys.stderr` is at that moment; a test or a server may have replaced it since the start."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


class WithoutLinks(logging.Filter):
    """Takes the secrets of links out of the messages of a logger that has a handler of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secret(record.getMessage()), ()
        return True


def configure(*, style: str, level: str) -> None:
    """Routes structlog and standard logging to stderr. Raises ValueError for an unknown style or level."""
    if style not in STYLES:
        raise ValueError(f"CIRCLED_LOG: expected json or console, found {style!r}")
    if level not in logging.getLevelNamesMapping():
        raise ValueError(f"CIRCLED_LOG_LEVEL: expected DEBUG, INFO, WARNING or ERROR, found {level!r}")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_error,
        without_texts,
        without_links,
    ]
    render: Processor = structlog.processors.JSONRenderer() if style == "json" else readable
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[without_quotes, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("gunicorn.error", "gunicorn.access"):  # these write by themselves
        server = logging.getLogger(name)
        server.filters[:] = [WithoutLinks()]
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_texts(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replaces every value that could be prose by its length."""
    return {key: value if key in OURS else _safe(value) for key, value in event.items()}


def without_links(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Takes the secrets of links out of every value."""
    return {key: without_secret(value) if isinstance(value, str) else value for key, value in event.items()}


def without_secret(text: str) -> str:
    """The text without what follows /c/, where a link's secret stands."""
    return LINK.sub("[link]", text)


def describe_error(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Turns `exc_info` into the error's class, its SQLSTATE and constraint if it has them, and the frames."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if not isinstance(found, tuple) or found[1] is None:
        return event
    error: BaseException = found[1]
    event["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
    cause = error.__cause__ or error
    diagnosis = getattr(cause, "diag", None)
    for key, value in (
        ("code", getattr(error, "code", None)),
        ("sqlstate", getattr(cause, "sqlstate", None)),
        ("constraint", getattr(diagnosis, "constraint_name", None)),
        ("table", getattr(diagnosis, "table_name", None)),
    ):
        if isinstance(value, str):
            event[key] = value
    event["frames"] = _frames(found[2])
    return event


def without_quotes(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A foreign record about an error keeps its template only: its arguments quote the error's message."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and record.exc_info:
        template = str(record.msg).split("\n", 1)[0]
        # Without a placeholder it may be an f-string, with the message in it already.
        event["event"] = template if "%" in template else f"{record.name}: unexpected error"
        data = getattr(record, "data", None)
        if isinstance(data, Mapping):
            event["task"] = data.get("name")
            event["task_id"] = data.get("id")
    return event


def readable(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """One line for a person's eyes: time, level if it is not info, event, then the facts."""
    moment = str(event.pop("timestamp", ""))[11:19]
    level = str(event.pop("level", "info"))
    event.pop("logger", None)
    frames = event.pop("frames", None)
    name = " ".join(str(event.pop("event", "")).split())
    facts = " ".join(f"{key}={value}" for key, value in event.items() if not key.startswith("_"))
    line = " ".join(part for part in (moment, "" if level == "info" else level.upper(), str(name), facts) if part)
    return line if not frames else line + "".join(f"\n    {frame}" for frame in frames)


def _safe(value: object) -> object:
    if value is None or isinstance(value, PLAIN):
        return value
    if isinstance(value, str):
        return value if TOKEN.fullmatch(value) else f"<text of {len(value)} characters>"
    if isinstance(value, Mapping):
        return {str(key): _safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_safe(item) for item in value]
    if isinstance(value, logging.LogRecord):
        return value
    return f"<{type(value).__name__}>"


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
