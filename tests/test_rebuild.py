"""``flask unt rebuild``: all open hours anew, in the zone that the site has now."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa
from recount import DAY_MS
from recount import NOW
from recount import Rows
from recount import opened
from recount import view
from test_reports import add_up
from test_reports import check_overview
from tracked import close
from tracked import site
from tracked import state_of

from flask_unt.store import schema
from flask_unt.store.hours import day_of

HOURS = range(1, 200, 3)
TABLES = (schema.hour, schema.page_hour, schema.page_day, schema.visitor_day)
PERIOD = (NOW - 6 * DAY_MS, NOW)


def write_some(store):
    views = [view(n % 5, n * DAY_MS // 24, f"/{n % 4}") for n in HOURS]
    store.write(views, NOW)
    add_up(store)


def rollups(store):
    with store._transactions.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))))
            for table in TABLES
        }


def steps():
    told = []
    return told, lambda done, total: told.append((done, total))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Sao_Paulo"])
def test_after_a_change_of_the_zone_figures_equal_a_recount(database_url, zone):
    with opened(database_url) as store:
        write_some(store)

    with opened(database_url, timezone=zone) as store:
        assert store.zone_of_rollups() == "UTC"
        told, progress = steps()
        hours = store.rebuild(NOW, progress)
        assert hours == len(HOURS) and told[-1] == (hours, hours)
        assert store.zone_of_rollups() == zone
        found = store.overview(since=PERIOD[0], until=NOW, now=NOW)
        check_overview(found, Rows(database_url, zone=zone), *PERIOD)

    with opened(database_url, timezone=zone) as fresh:
        before = rollups(fresh)
        fresh.rebuild(NOW, progress)
        assert rollups(fresh) == before


def test_what_was_wrong_is_right_again(database_url):
    with opened(database_url) as store:
        write_some(store)
        right = rollups(store)

        with store._database.writing() as connection:
            connection.execute(sa.update(schema.hour).values(views=7))
            connection.execute(sa.delete(schema.page_hour))
            wrong = {"day": date(2001, 1, 1), "page_id": 1, "views": 7}
            connection.execute(sa.delete(schema.page_day))
            connection.execute(sa.insert(schema.page_day), wrong)
            connection.execute(sa.delete(schema.visitor_day))

        store.rebuild(NOW, lambda done, total: None)
        assert rollups(store) == right


def test_closed_hours_are_left_alone(database_url):
    """Their views are gone: only the rollups know them."""
    with opened(database_url, retention_days=3) as store:
        write_some(store)
        store.prune(NOW)
        before = rollups(store)

    with opened(database_url, timezone="Asia/Kolkata", retention_days=3) as store:
        store.rebuild(NOW, lambda done, total: None)
        after = rollups(store)

    def total(found):
        return sum(row[1] for row in found["unt_hour"])

    assert total(after) == total(before) == len(HOURS)
    horizon = min(row[0] for row in before["unt_hour"] if row in after["unt_hour"])
    assert horizon == before["unt_hour"][0][0]
    days = Counter()

    for hour, page_id, views in after["unt_page_hour"]:
        days[day_of(hour, "Asia/Kolkata"), page_id] += views

    assert {(day, page): n for day, page, n in after["unt_page_day"]} == days
    known = {row[1] for row in before["unt_visitor_day"]}
    assert {row[1] for row in after["unt_visitor_day"]} == known


def test_the_command_says_what_it_did(sqlite_url):
    app = site(sqlite_url, UNT_TIMEZONE="Asia/Kolkata")
    store = state_of(app).store
    store.write([view(1, 0)], NOW)
    found = app.test_cli_runner().invoke(args=["unt", "rebuild"])
    assert found.exit_code == 0
    assert "Added up 1 hours in the time zone Asia/Kolkata." in found.output
    close(app)
    app = site(sqlite_url, UNT_TIMEZONE="UTC")
    told = app.test_cli_runner().invoke(args=["unt", "doctor"]).output
    assert "Run flask unt rebuild" in told
    close(app)
