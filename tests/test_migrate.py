from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import happenings
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from happenings import entry
from happenings import open_store
from happenings import view
from servers import MariadbServer
from servers import PostgresServer

from flask_unt.errors import SchemaOutdated
from flask_unt.errors import StoreUnavailable
from flask_unt.store import migrate
from flask_unt.store import schema
from flask_unt.store.migrate import include_name

REPOSITORY = Path(__file__).parent.parent
SET_UP = """
import sys
from flask_unt.store import Store

store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
store.prepare()
print(store.site_id())
store.dispose()
"""


def test_the_migrations_lead_to_the_schema(database_url: str) -> None:
    with open_store(database_url) as store:
        store.prepare()

        with store._database.reading() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_object": _is_in_schema}
            )
            assert compare_metadata(context, schema.metadata) == []


def _is_in_schema(object: Any, name: str, type_: str, *_: Any) -> bool:
    """Months of PostgreSQL and Alembic's own table are in no metadata."""
    return type_ != "table" or name in schema.metadata.tables


def test_large_tables_are_parted_on_postgresql(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        store.prepare()

        with store._database.reading() as connection:
            kinds = sa.text("SELECT relname FROM pg_class WHERE relkind = 'p'")
            parted = set(connection.scalars(kinds))

    assert parted == set(schema.PARTITIONED)


def test_four_processes_at_once_set_up_one_database(database_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", SET_UP, database_url]
    started = [
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]

    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    ended = [process.communicate(timeout=60) for process in started]

    assert [error for _, error in ended] == [""] * 4
    assert len({site_id for site_id, _ in ended}) == 1
    assert len(ended[0][0].strip()) == 32


def test_older_tables_are_not_touched_by_a_web_process(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripts = tmp_path / "migrations"
    _copy_with_next_revision(scripts)

    with open_store(database_url) as store:
        store.prepare()

    monkeypatch.setattr(migrate, "SCRIPTS", scripts)

    with open_store(database_url) as store:
        with pytest.raises(SchemaOutdated, match="flask unt init-db"):
            store.write([entry(view())], happenings.START)

        assert (store.status().revision, store.status().head) == ("0001", "0002")
        store.migrate()
        assert store.status().revision == "0002"
        store.prepare()


def test_newer_tables_are_written_by_the_release_before(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a rolling deploy both releases run for a while."""
    scripts = tmp_path / "migrations"
    _copy_with_next_revision(scripts)
    known = migrate.SCRIPTS
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)

    with open_store(database_url) as store:
        store.prepare()

    monkeypatch.setattr(migrate, "SCRIPTS", known)

    with open_store(database_url) as store:
        assert store.write([entry(view())], happenings.START).stored == 1
        store.migrate()
        assert store.status().revision == "0002"


def test_files_are_named_by_their_revisions() -> None:
    """A web process goes by the names, so that it need not import Alembic."""
    scripts = list(ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions())

    assert scripts[0].revision == migrate.head()
    assert all(
        Path(script.path).name.startswith(f"{script.revision}_") for script in scripts
    )


def test_alembic_is_not_imported_by_a_process_that_finds_the_tables(
    sqlite_url: str,
) -> None:
    with open_store(sqlite_url) as store:
        store.prepare()

    program = (
        "import sys; from flask_unt.store import Store, StoreSettings;"
        "Store(sys.argv[1], StoreSettings()).prepare();"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, sqlite_url], check=True)


def _copy_with_next_revision(scripts: Path) -> None:
    for file in ("env.py", "script.py.mako", "versions/0001_first_tables.py"):
        target = scripts / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((migrate.SCRIPTS / file).read_text())

    (scripts / "versions" / "0002_next.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade():\n"
        "    op.add_column('unt_user', sa.Column('more', sa.Integer))\n"
    )


def test_a_postgresql_role_without_rights_is_told_what_to_do(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    url = sa.make_url(postgres_url)
    postgres_server.execute("DROP ROLE IF EXISTS unt_weak")
    postgres_server.execute("CREATE ROLE unt_weak LOGIN PASSWORD 'weak'")
    postgres_server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", url.database)
    weak = url.set(username="unt_weak", password="weak")
    _check_weak_role(
        weak.render_as_string(hide_password=False),
        postgres_url,
        [
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
            " TO unt_weak",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO unt_weak",
        ],
    )

    with open_store(postgres_url) as store, store._database.writing() as connection:
        connection.execute(sa.text("DROP OWNED BY unt_weak"))

    postgres_server.execute("DROP ROLE unt_weak")


def test_a_mariadb_user_without_rights_is_told_what_to_do(
    mariadb_server: MariadbServer, mariadb_url: str
) -> None:
    url = sa.make_url(mariadb_url)
    name = f"{url.database}.*"
    mariadb_server.execute("CREATE OR REPLACE USER unt_weak IDENTIFIED BY 'weak'")
    mariadb_server.execute(f"GRANT SELECT ON {name} TO unt_weak")
    weak = url.set(username="unt_weak", password="weak")
    _check_weak_role(
        weak.render_as_string(hide_password=False),
        mariadb_url,
        [f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO unt_weak"],
    )
    mariadb_server.execute("DROP USER unt_weak")


def _check_weak_role(weak_url: str, strong_url: str, grants: list[str]) -> None:
    """It says what to do; after that is done, all but months works."""
    with open_store(weak_url) as store:
        with pytest.raises(StoreUnavailable, match="flask unt init-db"):
            store.write([entry(view())], happenings.START)

        with open_store(strong_url) as strong:
            strong.migrate()

            with strong._database.writing() as connection:
                for grant in grants:
                    connection.execute(sa.text(grant))

        store.dispose()
        assert store.write([entry(view())], happenings.START).stored == 1
        assert store.recompute_marks(9, happenings.START) == 1
        store.prune(happenings.START + 999 * happenings.DAY)
        assert store.status().views == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with (
        open_store(f"sqlite:///{tmp_path}/missing/unt.db") as store,
        pytest.raises(StoreUnavailable, match="unable to open database file"),
    ):
        store.prepare()


def test_a_locked_file_is_not_taken_for_missing_rights(sqlite_url: str) -> None:
    """Somebody writes to it just now: that is all there is to say."""
    file = sa.make_url(sqlite_url).database
    assert file is not None

    with closing(sqlite3.connect(file)) as other, open_store(sqlite_url) as store:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match="cannot be set up now") as said:
            store.prepare()

        other.rollback()
        assert "GRANT" not in str(said.value)
        assert "database is locked" in str(said.value)
        store.prepare()


def test_a_read_only_database_is_not_taken_for_missing_rights(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    name = sa.make_url(postgres_url).database
    setting = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    postgres_server.execute(setting)

    with (
        open_store(postgres_url) as store,
        pytest.raises(StoreUnavailable, match="Let the database take writes") as said,
    ):
        store.prepare()

    assert "GRANT" not in str(said.value)


@pytest.mark.parametrize(
    ("name", "type_", "parents", "included"),
    [
        ("book", "table", {}, True),
        ("unt_page_view", "table", {}, False),
        ("unt_page_view_2026_01", "table", {}, False),
        ("unt_alembic_version", "table", {}, False),
        ("ix_anything", "index", {"table_name": "unt_page"}, False),
        ("ix_anything", "index", {"table_name": "book"}, True),
        (None, "schema", {}, True),
    ],
)
def test_a_host_does_not_see_our_tables(
    name: str | None, type_: str, parents: Mapping[str, str], included: bool
) -> None:
    assert include_name(name, type_, parents) is included


def test_a_hosts_own_include_name_is_asked_too() -> None:
    def own(name: Any, type_: str, parent_names: Any) -> bool:
        return name != "secret"

    both = migrate.compose(own)

    assert both("book", "table", {})
    assert not both("secret", "table", {})
    assert not both("unt_page", "table", {})
    assert migrate.compose(None) is include_name
