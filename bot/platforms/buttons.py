"""What a button carries: which choice of which question, signed so that none can be made up.

Telegram allows 64 bytes. Where the names are too long for that, their digests stand for them: only
the buttons of the open question count, so whoever reads one looks for the name among those.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

from flows.messages import Ask, Chose, Review

MOST = 64  # bytes, Bot API callback_data
SIGNATURE = 8  # letters of 6 bits: nobody guesses one of 2**48 by tapping

DIGEST = 8  # letters that stand for a name

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def pack(asked: Ask | Review, choice: str, *, user: str, key: bytes) -> str:
    """The button `choice` under a question, for this user of the platform."""
    head = f"{_base36(asked.conversation)}.{_base36(asked.revision)}"
    for step, name in (
        (asked.step, choice),
        (asked.step, digest(choice)),
        (digest(asked.step), digest(choice)),
    ):
        told = f"{head}.{step}.{name}"
        if len(told.encode()) + 1 + SIGNATURE <= MOST:
            return f"{told}.{_sign(told, user, key)}"
    raise AssertionError("digests fit always")


def unpack(data: str, *, user: str, key: bytes) -> Chose | None:
    """The button that was tapped; None where it is forged, or another user's."""
    told, found, signature = data.rpartition(".")
    parts = told.split(".")
    if not found or len(parts) != 4:
        return None
    if not hmac.compare_digest(signature.encode(), _sign(told, user, key).encode()):
        return None
    conversation, revision, step, choice = parts
    return Chose(choice, step, int(revision, 36), int(conversation, 36) or None)


def meant(names: Iterable[str], told: str) -> str:
    """Which of the names a button stands for, by itself or by its digest; else what it told."""
    return next((name for name in names if told in (name, digest(name))), told)


def digest(name: str) -> str:
    """What stands for a name that is too long; it begins as no name does."""
    return "~" + urlsafe_b64encode(sha256(name.encode()).digest()).decode()[:DIGEST]


def is_digest(name: str) -> bool:
    return name.startswith("~")


def _sign(told: str, user: str, key: bytes) -> str:
    made = hmac.new(key, f"{user} {told}".encode(), sha256).digest()
    return urlsafe_b64encode(made).decode()[:SIGNATURE]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _ALPHABET[digit] + digits
    return digits or "0"
