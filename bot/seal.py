"""Secrets that lie in the database, encrypted with a key that does not."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"storytrail: tokens of workspaces"
"""Buttons are signed with the same secret key: what is made of it differs by purpose."""


class SealBroken(Exception):
    """It was sealed with another key, or is none of ours."""


class Seal:
    def __init__(self, key: bytes) -> None:
        """`key` is the secret key of this installation."""
        made = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(made))

    def close(self, values: Mapping[str, Any]) -> str:
        """`values`, which JSON can hold, for nobody to read without the key."""
        return self._fernet.encrypt(json.dumps(values).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """What was closed. Raises SealBroken."""
        try:
            values = json.loads(self._fernet.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            raise SealBroken from None
        if not isinstance(values, dict):
            raise SealBroken
        return values
