"""A secret key for a site that was given none."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def kept_secret(folder: Path) -> str:
    """The key in the folder, made on first use; the same for all that start at once."""
    path = folder / "secret_key"

    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        number, new = tempfile.mkstemp(dir=folder)

        with os.fdopen(number, "w") as file:
            file.write(secrets.token_urlsafe(32))

        with suppress(FileExistsError):
            os.link(new, path)

        os.unlink(new)

    return path.read_text()
