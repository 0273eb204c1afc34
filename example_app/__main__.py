"""``python -m example_app`` serves the site on PORT."""

from __future__ import annotations

import os

from . import create_app

if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "5000")))
