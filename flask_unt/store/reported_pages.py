"""What the dashboard asks of pages and of now: see the functions of the same names."""

from __future__ import annotations

from . import page_reports
from .page_shapes import PageName
from .settings import StoreSettings
from .transactions import Transactions


class ReportedPages:
    """The part of a store that knows one page, and who is here now."""

    settings: StoreSettings
    _transactions: Transactions

    def page(self, id: int) -> PageName | None:
        """How a page is called: see :func:`page_reports.page`."""
        with self._transactions.reading() as connection:
            return page_reports.page(connection, id)
