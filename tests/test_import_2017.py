from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from flask_unt.errors import ConfigError
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store import old_database
from flask_unt.store import schema
from flask_unt.store.import_2017 import import_2017

NOW = 1_790_000_000_000
ANNA = "11111111-1111-4111-8111-111111111111"
ANNA_PHONE = "22222222-2222-4222-8222-222222222222"
NOBODY = "33333333-3333-4333-8333-333333333333"
IDLE = "44444444-4444-4444-8444-444444444444"

old = sa.MetaData()
old_user = sa.Table(
    "user",
    old,
    sa.Column("uuid", sa.String(36), primary_key=True),
    sa.Column("email", sa.String(120)),
)
old_page = sa.Table(
    "page",
    old,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.String(120)),
    sa.Column("url", sa.String(400)),
)
old_access = sa.Table(
    "access",
    old,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("uuid", sa.String(36)),
    sa.Column("page_id", sa.Integer),
    sa.Column("local_time", sa.DateTime),
    sa.Column("server_time", sa.DateTime),
)
TABLES = (old_user, old_page, old_access)


def at(hour, minute=0, day=3):
    return datetime(2017, 11, day, hour, minute)


def ms(moment):
    return int((moment - datetime(1970, 1, 1)).total_seconds() * 1000)


USERS = [
    (ANNA, "Anna@Example.com"),
    (ANNA_PHONE, "anna@example.com"),
    (NOBODY, None),
    (IDLE, "idle@example.com"),
    ("not-a-uuid", "broken@example.com"),
    ("55555555-5555-4555-8555-555555555555", "not an email"),
]
PAGES = [
    (1, "Home", "http://www.example.com/"),
    (2, "Info", "www.example.com/info"),
    (3, None, "//www.example.com/contact?session=1&ref=mail"),
    (4, "Broken", "javascript:alert(1)"),
    (5, "Disk", "file:///home/me/index.html"),
    (6, "Empty", None),
]
ACCESSES = [
    (1, ANNA, 1, at(10), at(10, 1)),
    (2, ANNA, 2, at(10, 5), at(10, 5)),
    (3, ANNA_PHONE, 3, at(12), None),
    (4, NOBODY, 1, None, at(13)),
    (5, NOBODY, 1, None, None),
    (6, None, 1, at(14), at(14)),
    (7, "x", 1, at(14), at(14)),
    (8, ANNA, 4, at(15), at(15)),
    (9, ANNA, 99, at(15), at(15)),
    (10, ANNA, None, at(15), at(15)),
    (11, NOBODY, 2, at(10, day=1), at(10, day=20)),
    (12, NOBODY, 2, at(18), at(17)),
]


def fill(url, users=USERS, pages=PAGES, accesses=ACCESSES):
    engine = sa.create_engine(url)
    old.create_all(engine)

    with engine.begin() as connection:
        for table, rows in zip(TABLES, (users, pages, accesses), strict=True):
            names = table.c.keys()
            connection.execute(
                table.insert(), [dict(zip(names, row, strict=True)) for row in rows]
            )

    engine.dispose()


@pytest.fixture
def store(database_url):
    store = Store(database_url, StoreSettings(retention_days=None))
    yield store
    store.dispose()


@pytest.fixture
def sqlite_store(sqlite_url):
    store = Store(sqlite_url, StoreSettings(retention_days=30))
    yield store
    store.dispose()


@pytest.fixture
def old_url(tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    fill(url)

    return url


def everything(url):
    """All rows of all our tables."""
    engine = sa.create_engine(url)

    with engine.connect() as connection:
        rows = {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in schema.metadata.sorted_tables
        }

    engine.dispose()

    return rows


def rows_of(url, statement):
    engine = sa.create_engine(url)

    with engine.connect() as connection:
        rows = connection.execute(statement).all()

    engine.dispose()

    return rows


def stored_views(url):
    view, visitor, page = schema.page_view, schema.visitor, schema.page
    statement = (
        sa.select(view, visitor.c.uuid, page.c.host, page.c.path, page.c.title)
        .join(visitor, visitor.c.id == view.c.visitor_id)
        .join(page, page.c.id == view.c.page_id)
        .order_by(view.c.server_time)
    )

    return rows_of(url, statement)


def test_everything_good_is_brought_over(store, database_url, old_url):
    imported = import_2017(store, old_url, now=NOW)
    views = [
        (row.uuid.hex() == ANNA.replace("-", ""), row.host + row.path, row.server_time)
        for row in stored_views(database_url)
    ]

    assert (imported.users, imported.pages, imported.views) == (3, 3, 6)
    assert views == [
        (True, "www.example.com/", ms(at(10, 1))),
        (True, "www.example.com/info", ms(at(10, 5))),
        (False, "www.example.com/contact?ref=mail", ms(at(12))),
        (False, "www.example.com/", ms(at(13))),
        (False, "www.example.com/info", ms(at(17))),
        (False, "www.example.com/info", ms(at(10, day=20))),
    ]


def test_what_is_skipped_is_counted_with_its_reason(store, old_url):
    imported = import_2017(store, old_url, now=NOW)

    assert imported.skipped == {
        "accesses without a page that was brought": 3,
        "accesses whose uuid is none": 2,
        "accesses without a time": 1,
        "pages whose url is none of a web page": 3,
        "users whose uuid is none": 1,
        "users whose email is none": 1,
    }


def test_second_run_changes_nothing(store, database_url, old_url):
    first = import_2017(store, old_url, now=NOW)
    before = everything(database_url)

    assert import_2017(store, old_url, now=NOW + 86_400_000) == first
    assert everything(database_url) == before


def test_second_run_with_another_zone_makes_no_doubles(store, database_url, old_url):
    """Somebody who forgot --zone must not end up with every view twice."""
    import_2017(store, old_url, now=NOW)
    import_2017(store, old_url, zone="America/Sao_Paulo", now=NOW)

    assert len(stored_views(database_url)) == 6


def test_an_address_on_two_browsers_is_one_user(store, database_url, old_url):
    import_2017(store, old_url, now=NOW)
    user = schema.user
    [anna] = rows_of(
        database_url, sa.select(user).where(user.c.email == "anna@example.com")
    )
    log = store.navigation_log(anna.id)

    assert not anna.verified
    assert [view.path for visit in log.visits for view in visit.views] == [
        "/contact?ref=mail",
        "/info",
        "/",
    ]


def test_users_without_accesses_are_on_the_list(store, old_url):
    import_2017(store, old_url, now=NOW)
    listed = {row.email: row for row in store.users(now=NOW).rows}

    assert set(listed) == {"anna@example.com", "idle@example.com"}
    assert listed["idle@example.com"].last_access is None
    assert listed["anna@example.com"].browsers == 2
    assert listed["anna@example.com"].last_access == ms(at(12))


def test_times_are_of_the_zone_given(store, database_url, old_url):
    """In November 2017 São Paulo had summer time, two hours behind UTC."""
    import_2017(store, old_url, zone="America/Sao_Paulo", now=NOW)
    row = stored_views(database_url)[0]

    assert row.local_time == ms(at(12))
    assert row.server_time == ms(at(12, 1))
    assert row.utc_offset == -120


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Asia/Tokyo", "UTC"])
def test_an_odd_time_is_as_none(store, database_url, tmp_path, zone):
    """One of them must not stop the import of all the others."""
    url = f"sqlite:///{tmp_path / 'odd.db'}"
    odd = [datetime.min, datetime.max, datetime(1960, 1, 1), datetime(2200, 1, 1)]
    accesses = [(n, ANNA, 1, time, at(n)) for n, time in enumerate(odd, 1)]
    accesses += [(n + 10, ANNA, 1, at(n), time) for n, time in enumerate(odd, 11)]
    accesses += [(n + 20, ANNA, 1, time, time) for n, time in enumerate(odd, 11)]
    fill(url, accesses=accesses)
    imported = import_2017(store, url, zone=zone, now=NOW)
    times = [(row.local_time, row.server_time) for row in stored_views(database_url)]

    assert imported.skipped["accesses without a time"] == 4
    assert len(times) == imported.views == 8
    assert all(local == received for local, received in times)


def test_only_a_clock_that_was_wrong_then_is_skewed(store, database_url, old_url):
    import_2017(store, old_url, now=NOW)
    skewed = {row.server_time: row.skewed for row in stored_views(database_url)}

    assert [moment for moment in skewed if skewed[moment]] == [ms(at(10, day=20))]


def test_nobody_from_2017_is_a_bot(store, database_url, old_url):
    """The 2017 server kept no user agent, and none at all would say "bot"."""
    import_2017(store, old_url, now=NOW)

    assert not any(row.bot for row in stored_views(database_url))


def test_owner_is_warned_that_the_next_prune_would_delete_it(sqlite_store, old_url):
    assert "UNT_RETENTION_DAYS" in import_2017(sqlite_store, old_url, now=NOW).warning


def test_owner_is_not_warned_when_all_is_kept(store, old_url):
    assert import_2017(store, old_url, now=NOW).warning is None


def test_addresses_without_a_scheme_get_the_one_given(store, database_url, tmp_path):
    url = f"sqlite:///{tmp_path / 'ports.db'}"
    pages = [(1, "", "a.example:443/"), (2, "", "localhost:5000/x?a=1?b=2")]
    accesses = [(1, ANNA, 1, at(1), at(1)), (2, ANNA, 2, at(2), at(2))]
    fill(url, pages=pages, accesses=accesses)
    import_2017(store, url, scheme="https", now=NOW)

    assert [row.host + row.path for row in stored_views(database_url)] == [
        "a.example/",
        "localhost:5000/x",
    ]


def test_many_rows_are_read_in_chunks(store, database_url, tmp_path):
    url = f"sqlite:///{tmp_path / 'many.db'}"
    visitors = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1203)]
    steps = []
    fill(
        url,
        users=[(uuid, "many@example.com") for uuid in visitors[:3]],
        accesses=[
            (3 * number + 1, uuid, 1, at(10, number % 60), at(11))
            for number, uuid in enumerate(visitors)
        ],
    )
    imported = import_2017(
        store, url, now=NOW, progress=lambda done, total: steps.append((done, total))
    )

    assert imported.views == len(stored_views(database_url)) == 1203
    assert steps == [(1000, 1206), (1203, 1206), (1206, 1206)]


def test_users_of_one_uuid_are_all_read(sqlite_store, tmp_path, monkeypatch):
    """Some copies of the database lost what made a uuid unique."""
    monkeypatch.setattr(old_database, "CHUNK", 100)
    url = f"sqlite:///{tmp_path / 'doubles.db'}"
    users = [(ANNA, f"anna{number}@example.com") for number in range(150)]
    fill(url)
    engine = sa.create_engine(url)

    with engine.begin() as connection:
        connection.exec_driver_sql('DROP TABLE "user"')
        connection.exec_driver_sql('CREATE TABLE "user" (uuid text, email text)')
        connection.execute(
            old_user.insert(),
            [{"uuid": u, "email": e} for u, e in [*users, (None, "x@a.example")]],
        )

    engine.dispose()
    imported = import_2017(sqlite_store, url, now=NOW)
    assert imported.users == 150
    assert imported.skipped["users whose uuid is none"] == 1


@pytest.mark.parametrize("fixture", ["postgres_url", "mariadb_url"])
def test_old_database_may_be_a_server_too(request, sqlite_store, fixture):
    old_url = request.getfixturevalue(fixture)
    fill(old_url)

    assert import_2017(sqlite_store, old_url, now=NOW).views == 6


def test_old_database_may_be_the_same_one(store, database_url):
    fill(database_url)

    assert import_2017(store, database_url, now=NOW).views == 6


@pytest.mark.parametrize(
    ("url", "zone", "words"),
    [
        ("sqlite:////nowhere/old.db", "UTC", "no file"),
        ("sqlite:///{empty}", "UTC", "no table"),
        ("oracle://somewhere/old", "UTC", "cannot use"),
        ("sqlite:///{old}", "Mars/Olympus", "no time zone"),
    ],
)
def test_a_wrong_argument_is_said_in_a_sentence(
    tmp_path, sqlite_store, url, zone, words
):
    (tmp_path / "empty.db").touch()
    fill(f"sqlite:///{tmp_path / 'old.db'}")
    url = url.format(empty=tmp_path / "empty.db", old=tmp_path / "old.db")

    with pytest.raises(ConfigError, match=words):
        import_2017(sqlite_store, url, zone=zone, now=NOW)

    assert not (tmp_path / "unt.db").exists()


def test_old_file_is_left_as_it_was(sqlite_store, tmp_path):
    path = tmp_path / "old.db"
    fill(f"sqlite:///{path}")
    before = path.read_bytes()
    import_2017(sqlite_store, f"sqlite:///{path}", now=NOW)

    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.glob("old*")) == ["old.db"]
