"""Keys for signing, each for one purpose, derived from the app's ``SECRET_KEY``."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import Flask

from ..config import Settings
from ..errors import ConfigError

MARK = "mark"


class Keys:
    """The keys of one app; it may set ``SECRET_KEY`` after ``UNT(app)``."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._spare = secrets.token_bytes(32)

    def one(self, purpose: str) -> bytes:
        """The present key for one purpose.

        :raises ConfigError: the app has no ``SECRET_KEY``.
        """
        key = self._secret_key()

        if not key:
            raise ConfigError("Set SECRET_KEY: UNT signs with a key derived from it.")

        return _derive(key, purpose)

    def one_or_random(self, purpose: str) -> bytes:
        """Like :meth:`one`; without ``SECRET_KEY``, a key of this process only."""
        return _derive(self._secret_key() or self._spare, purpose)

    def all(self, purpose: str) -> tuple[bytes, ...]:
        """Keys for one purpose: the present one, then those of older secrets.

        None without ``SECRET_KEY``.
        """
        old = self._app.config.get("SECRET_KEY_FALLBACKS") or ()
        return tuple(_derive(key, purpose) for key in (self._secret_key(), *old) if key)

    def marks(self) -> tuple[bytes, ...]:
        """What marks of who is signed in are made with; after the first, were.

        None without ``SECRET_KEY``: no other process could read them.
        """
        return self.all(MARK)

    def _secret_key(self) -> str | bytes | None:
        return self._app.config.get("SECRET_KEY") or self._settings.secret_key


def _derive(key: str | bytes, purpose: str) -> bytes:
    if isinstance(key, str):
        key = key.encode()

    return hmac.digest(key, b"flask-unt " + purpose.encode(), hashlib.sha256)
