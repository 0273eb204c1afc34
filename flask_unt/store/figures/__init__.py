"""Who is to be listed, in figures, so that a list never looks at visits or views.

Never counted up: a visitor that something was written of is marked, and the figures
of a marked visitor, and of its users, are made anew from its visits. Team members and
the anonymous have theirs, too; bots have none where they are kept apart.
"""

from __future__ import annotations

from .recompute import is_behind
from .recompute import recompute_figures
from .sums import NOBODY
from .sums import as_set
from .sums import of_set
from .users import ends_of
from .users import rewrite_users

__all__ = [
    "NOBODY",
    "as_set",
    "ends_of",
    "is_behind",
    "of_set",
    "recompute_figures",
    "rewrite_users",
]
