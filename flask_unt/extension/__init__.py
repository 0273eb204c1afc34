"""The extension: checks the settings once, and wires the parts into an app."""

from __future__ import annotations

from .unt import UNT

__all__ = ["UNT"]
