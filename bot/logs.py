"""Logs on standard error: keys and counts, never what people wrote."""

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from config.settings import Settings


def set_up(settings: "Settings | None") -> None:
    """Log as the settings say; warnings as text before there are any."""
    level = settings.log_level if settings is not None else "warning"
    as_json = settings is not None and settings.log_format == "json"
    plain = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        # Without locals: they hold what people wrote.
        exception_formatter=structlog.dev.plain_traceback,
    )
    # It logs every answer that it cannot read, with its body: what people wrote may stand there.
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer() if as_json else plain,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        # Looked up each time: whoever runs the program may have put another one there since.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
