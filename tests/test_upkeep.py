from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timezone

import pytest
import sqlalchemy as sa
from happenings import BEN
from happenings import CRAWLER
from happenings import DAY
from happenings import HOUR
from happenings import MINUTE
from happenings import START
from happenings import custom
from happenings import entry
from happenings import leave
from happenings import only
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view

from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.partitions import Month
from flask_unt.store.partitions import ensure_months
from flask_unt.store.partitions import month_of
from flask_unt.store.write import write_entries

NOW = START + DAY


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        yield store


def sum_up(store: Store) -> None:
    while store.recompute_marks(24, NOW):
        pass


def at(*when: int) -> int:
    year, month, day, *rest = when
    moment = datetime(year, month, day, *rest, tzinfo=timezone.utc)  # type: ignore[arg-type]
    return int(moment.timestamp() * 1000)


class TestRollups:
    def test_an_hour_is_summed_up_from_its_rows(self, store: Store) -> None:
        first, second = view(), view("v2", time=START + MINUTE, path="/a")
        store.write([entry(first, second, leave(first, 500))], NOW)
        store.write([entry(view(visitor=BEN))], NOW)
        sum_up(store)
        hour = only(store, schema.hour)

        assert (hour.hour, hour.views, hour.visits) == (START // HOUR * HOUR, 3, 2)
        assert (hour.bounces, hour.engaged_ms) == (1, 500)
        assert sorted(row.views for row in rows(store, schema.page_hour)) == [1, 2]
        assert [row.day for row in rows(store, schema.visitor_day)] == [
            date(2026, 9, 21)
        ] * 2

    def test_bots_are_kept_apart(self, store: Store) -> None:
        store.write([entry(view(), agent=CRAWLER)], NOW)
        store.write([entry(view("v2", None), agent=CRAWLER)], NOW)
        sum_up(store)

        assert rows(store, schema.hour) == rows(store, schema.page_hour) == []
        assert rows(store, schema.visitor_day) == []

    def test_bots_count_where_the_site_wants_it(self, database_url: str) -> None:
        with open_store(database_url, bots="count") as store:
            store.write([entry(view(), agent=CRAWLER)], NOW)
            sum_up(store)

            assert only(store, schema.hour).visits == 1
            assert len(rows(store, schema.visitor_day)) == 1

    def test_views_without_a_visitor_count_as_views(self, store: Store) -> None:
        store.write([entry(view(visitor=None))], NOW)
        sum_up(store)

        assert (only(store, schema.hour).views, only(store, schema.hour).visits) == (
            1,
            0,
        )
        assert rows(store, schema.visitor_day) == []

    def test_days_are_the_sites(self, database_url: str) -> None:
        """19:00 UTC is half past midnight in India."""
        with open_store(database_url, timezone="Asia/Kolkata") as store:
            store.write([entry(view(time=at(2026, 5, 1, 19)))], NOW)
            sum_up(store)

            assert only(store, schema.visitor_day).day == date(2026, 5, 2)
            assert only(store, schema.hour).hour == at(2026, 5, 1, 18, 30)

    def test_the_latest_marks_are_done_first(self, store: Store) -> None:
        times = [START + number * HOUR for number in range(3)]
        store.write([entry(view(str(time), time=time)) for time in times], NOW)

        assert store.recompute_marks(2, NOW) == 2
        assert only(store, schema.mark).hour == times[0] // HOUR * HOUR
        assert store.recompute_marks(2, NOW) == 1
        assert store.recompute_marks(2, NOW) == 0

    def test_an_open_write_is_not_missed(self, store: Store) -> None:
        """Who recomputes an hour waits for the writes of it that are not done."""
        if store._database.backend == "sqlite":
            return

        store.write([entry(view())], NOW)

        with ThreadPoolExecutor(1) as threads:
            with store._database.writing() as connection:
                write_entries(connection, [entry(view("v2"))], store._rules(), NOW)
                recomputed = threads.submit(store.recompute_marks, 9, NOW)
                time.sleep(0.5)

            recomputed.result()

        sum_up(store)
        assert only(store, schema.hour).views == 2


class TestPrune:
    @pytest.fixture
    def store(self, database_url: str) -> Iterator[Store]:
        with open_store(database_url, retention_days=30) as store:
            yield store

    def test_what_is_older_goes_and_its_figures_stay(self, store: Store) -> None:
        old, new = view("old", time=NOW - 40 * DAY), view("new", BEN, time=NOW - DAY)
        store.write([entry(old, custom("c", time=old.time)), entry(new)], NOW)
        store.set_aside([old], "reason", old.time)
        pruned = store.prune(NOW)

        assert only(store, schema.page_view).id == new.key
        assert only(store, schema.visit).id == new.key
        assert rows(store, schema.event) == rows(store, schema.set_aside) == []
        assert len(rows(store, schema.visitor)) == 1
        sum_up(store)
        assert sum(row.views for row in rows(store, schema.hour)) == 2
        assert pruned.rows > 0
        assert store.prune(NOW).rows == 0

    def test_closed_hours_are_not_recomputed(self, store: Store) -> None:
        store.write([entry(view("old", time=NOW - 40 * DAY))], NOW - 40 * DAY)
        store.prune(NOW)
        late = view("late", BEN, time=NOW - 40 * DAY)
        store.write([entry(late, received=NOW)], NOW)
        sum_up(store)

        assert rows(store, schema.mark) == []
        assert only(store, schema.hour).views == 1

    def test_a_late_view_stays_as_long_as_others(self, store: Store) -> None:
        late = view("late", time=NOW - 40 * DAY, skewed=True)
        store.write([entry(late, received=NOW)], NOW)
        store.prune(NOW)
        assert len(rows(store, schema.page_view)) == len(rows(store, schema.visit)) == 1

        store.prune(NOW + 32 * DAY)
        assert rows(store, schema.page_view) == rows(store, schema.visit) == []

    def test_known_people_stay(self, store: Store) -> None:
        old = view("old", time=NOW - 40 * DAY)
        store.write([entry(old, user=person("a@site.example"))], NOW)
        store.prune(NOW)

        assert rows(store, schema.page_view) == []
        assert len(rows(store, schema.visitor)) == len(rows(store, schema.user)) == 1

    def test_leaves_without_a_view_go(self, store: Store) -> None:
        store.write([entry(leave(view()))], NOW)
        store.prune(NOW + 89 * DAY)
        assert len(rows(store, schema.leave)) == 1

        store.prune(NOW + 91 * DAY)
        assert rows(store, schema.leave) == []

    def test_nothing_goes_where_all_is_kept(self, database_url: str) -> None:
        with open_store(database_url, retention_days=None) as store:
            store.write([entry(view(time=NOW - 4000 * DAY))], NOW)
            store.prune(NOW)

            assert len(rows(store, schema.page_view)) == 1

    def test_many_rows_go_in_pieces(self, store: Store) -> None:
        old = NOW - 40 * DAY
        store.write([entry(view(f"v{n}", time=old + n)) for n in range(1100)], NOW)
        store.prune(NOW)

        assert rows(store, schema.page_view) == []


class TestMonths:
    @pytest.fixture
    def store(self, postgres_url: str) -> Iterator[Store]:
        with open_store(postgres_url, retention_days=30) as store:
            store.prepare()
            yield store

    def test_this_and_the_next_month_are_made_by_writing(self, store: Store) -> None:
        shown = view(time=at(2026, 12, 5))
        store.write([entry(shown)], at(2026, 12, 5))

        assert partition_of(store, shown.key) == "unt_page_view_2026_12"
        assert months(store, "unt_page_view") == {
            "unt_page_view_default",
            "unt_page_view_2026_12",
            "unt_page_view_2027_01",
        }
        assert len(months(store, "unt_event")) == 3

    def test_rows_of_a_month_move_into_it(self, store: Store) -> None:
        early = view(time=at(2026, 12, 5))
        store.write([entry(early)], at(2026, 9, 5))
        assert partition_of(store, early.key) == "unt_page_view_default"

        store.ensure_partitions(at(2026, 11, 5))
        assert partition_of(store, early.key) == "unt_page_view_2026_12"
        store.ensure_partitions(at(2026, 11, 5))
        assert store.write([entry(early)], at(2026, 11, 5)).duplicates == 1

    def test_a_write_meanwhile_finds_what_moves(self, store: Store) -> None:
        """Else a known view is counted in its visit again."""
        early = view(time=at(2026, 12, 5))
        store.write([entry(early)], at(2026, 9, 5))

        with ThreadPoolExecutor(1) as other:
            with store._database.writing() as moving:
                ensure_months(moving, at(2026, 11, 5))
                again = other.submit(store.write, [entry(early)], at(2026, 9, 5))
                time.sleep(0.5)

            assert again.result().duplicates == 1

        assert only(store, schema.visit).views == 1

    def test_a_month_that_is_too_old_is_dropped_whole(self, store: Store) -> None:
        september = view(time=at(2026, 9, 5))
        store.write([entry(september)], at(2026, 9, 5))
        pruned = store.prune(at(2026, 12, 5))

        assert pruned.months == 4
        assert months(store, "unt_page_view") == {"unt_page_view_default"}
        assert rows(store, schema.page_view) == rows(store, schema.visit) == []
        sum_up(store)
        assert only(store, schema.hour).views == 1

    def test_a_month_with_a_younger_view_is_kept(self, store: Store) -> None:
        """The id of a wrong clock says September, the view is of now."""
        store.ensure_partitions(at(2026, 9, 5))
        september, now = view(time=at(2026, 9, 5)), at(2026, 12, 5)
        wrong = replace(view("wrong", time=now), key=september.key)
        store.write([entry(wrong)], now)
        store.prune(now)

        assert only(store, schema.page_view).local_time == now

    def test_months_follow_each_other(self) -> None:
        assert Month(2026, 12).next == Month(2027, 1)
        assert month_of(at(2027, 1, 1) - 1) == Month(2026, 12)
        assert month_of(at(2027, 1, 1)) == Month(2027, 1)


def partition_of(store: Store, key: bytes) -> str:
    statement = sa.select(
        sa.cast(sa.literal_column("unt_page_view.tableoid::regclass"), sa.String)
    ).where(schema.page_view.c.id == key)

    with store._database.reading() as connection:
        return str(connection.scalar(statement))


def months(store: Store, table: str) -> set[str]:
    statement = sa.text(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = CAST(:table AS regclass)"
    )

    with store._database.reading() as connection:
        return set(connection.scalars(statement, {"table": table}))
