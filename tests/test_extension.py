from __future__ import annotations

import logging
import subprocess
import sys

import pytest
import redis
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask import url_for
from flask.cli import FlaskGroup
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from processes import clean_environment
from tracked import PREFIX
from tracked import VISITOR
from tracked import bare_app
from tracked import close
from tracked import rows
from tracked import send
from tracked import site
from tracked import state_of
from tracked import url_of
from tracked import view

import flask_unt
from flask_unt import UNT
from flask_unt import ConfigError


def host_app(tmp_path, uri=None, **config):
    """An app whose instance folder may be written to."""
    app = Flask("host", instance_path=str(tmp_path / "instance"))
    app.config.update(SECRET_KEY="secret", UNT_PREFIX=PREFIX, **config)

    if uri is not None:
        app.config["SQLALCHEMY_DATABASE_URI"] = uri

    return app


def test_unt_of_an_app():
    app = bare_app()
    UNT(app)
    assert state_of(app).settings.prefix == PREFIX


def test_unt_in_a_factory():
    unt = UNT()

    def create_app():
        app = bare_app()
        unt.init_app(app)
        return app

    first, second = create_app(), create_app()
    assert state_of(first) is not state_of(second)


def test_second_init_is_refused():
    app = bare_app()
    unt = UNT(app)

    with pytest.raises(ConfigError, match="already set up on this app"):
        unt.init_app(app)

    with pytest.raises(ConfigError, match="already set up on this app"):
        UNT(app)


def test_settings_are_checked_at_once():
    with pytest.raises(ConfigError, match="UNT_REDIS_URL"):
        UNT(bare_app(UNT_REDIS_ULR="redis://localhost"))


def test_failed_init_leaves_the_app_alone():
    app = bare_app(UNT_INJEKT=True)

    with pytest.raises(ConfigError):
        UNT(app)

    del app.config["UNT_INJEKT"]
    UNT(app)
    assert state_of(app).settings.inject


@pytest.mark.parametrize("name", ["team", "who", "typo"])
def test_unknown_arguments_are_errors(name):
    with pytest.raises(TypeError):
        UNT(**{name: lambda: None})


def test_arguments_are_keywords():
    with pytest.raises(TypeError):
        UNT(bare_app(), object())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"db": "sqlite://"}, "Flask-SQLAlchemy instance or a SQLAlchemy engine"),
        ({"redis": "redis://localhost"}, "a redis-py client, not str"),
        ({"identify": "me@site.example"}, "UNT\\(identify=…\\) takes a callable"),
        ({"can_view": True}, "UNT\\(can_view=…\\) takes a callable"),
        ({"is_team": True}, "UNT\\(is_team=…\\) takes a callable"),
        ({"impersonator": ""}, "UNT\\(impersonator=…\\) takes a callable"),
        ({"user_columns": ["plan"]}, "takes a mapping from names to callables"),
        ({"user_columns": {"plan": "pro"}}, "an email and an id; 'plan' is none"),
    ],
)
def test_wrong_arguments_say_what_is_wanted(arguments, message):
    with pytest.raises(ConfigError, match=message):
        UNT(**arguments)


def test_urls_can_be_built():
    app = site()

    with app.test_request_context("/", base_url="http://localhost/shop"):
        assert url_for("unt.script") == f"/shop{PREFIX}/unt.js"
        assert url_for("unt.events") == f"/shop{PREFIX}/e"
        assert url_for("unt.email") == f"/shop{PREFIX}/email"
        track = url_for("unt.track_2017", visitor=VISITOR)
        assert track == f"/shop{PREFIX}/user/{VISITOR}/track"


def test_flask_routes_lists_ours():
    commands = FlaskGroup(create_app=site)
    result = CliRunner().invoke(commands, ["routes"])
    assert f"{PREFIX}/e" in result.output


def test_commands_are_there():
    result = site().test_cli_runner().invoke(args=["unt", "--help"])
    assert "init-db" in result.output


def test_nothing_on_the_root_nor_on_the_bare_prefix():
    app = bare_app()
    UNT(app)
    client = app.test_client()

    for path in ("/", PREFIX, f"{PREFIX}/"):
        assert client.get(path).status_code == 404
        assert client.post(path, json={}).status_code == 404


# -- the database -----------------------------------------------------------


def test_url_setting_wins(tmp_path, sqlite_url):
    app = host_app(tmp_path, "postgresql://host/site", UNT_DATABASE_URL=sqlite_url)
    SQLAlchemy(app)
    UNT(app)
    assert f"sqlite:///{url_of(app).database}" == sqlite_url


@pytest.mark.parametrize("first", ["db", "unt"])
def test_flask_sqlalchemy_is_found_whichever_comes_first(tmp_path, first):
    app = host_app(tmp_path, "sqlite:///site.db")
    db, unt = SQLAlchemy(), UNT()

    for extension in (db, unt) if first == "db" else (unt, db):
        extension.init_app(app)

    assert url_of(app).database == f"{tmp_path}/instance/unt.db"


def test_flask_sqlalchemy_by_argument(tmp_path):
    app = host_app(tmp_path, f"sqlite:///{tmp_path}/site.db")
    db = SQLAlchemy()
    UNT(app, db=db)
    db.init_app(app)
    assert url_of(app).database == f"{tmp_path}/unt.db"


def test_bind(tmp_path):
    app = host_app(
        tmp_path,
        "sqlite:///site.db",
        SQLALCHEMY_BINDS={"views": f"sqlite:///{tmp_path}/bind/views.db"},
        UNT_DATABASE_BIND="views",
    )
    SQLAlchemy(app)
    UNT(app)
    assert url_of(app).database == f"{tmp_path}/bind/unt.db"


@pytest.mark.parametrize("config", [{}, {"SQLALCHEMY_BINDS": {"view": "sqlite://"}}])
def test_unknown_bind_stops_the_start(tmp_path, config):
    """Flask-SQLAlchemy that is set up first leaves its binds in the config."""
    app = host_app(tmp_path, "sqlite:///site.db", UNT_DATABASE_BIND="views", **config)
    SQLAlchemy(app)

    with pytest.raises(ConfigError, match="'views', which SQLALCHEMY_BINDS does not"):
        UNT(app)


@pytest.mark.parametrize("is_late", [True, False])
def test_unknown_bind_is_told_where_binds_are_seen_late_or_never(tmp_path, is_late):
    app = host_app(tmp_path, "sqlite:///site.db", UNT_DATABASE_BIND="views")
    UNT(app)

    if is_late:
        SQLAlchemy(app)

    with pytest.raises(ConfigError, match="'views', which SQLALCHEMY_BINDS does not"):
        url_of(app)


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:site.db?uri=true",
    ],
)
@pytest.mark.parametrize("by_engine", [True, False])
def test_site_in_memory_or_on_a_uri_gets_a_file_in_the_instance_folder(
    tmp_path, monkeypatch, uri, by_engine
):
    monkeypatch.chdir(tmp_path)
    app = host_app(tmp_path, uri)

    if by_engine:
        SQLAlchemy(app)

    UNT(app)
    assert send(app, view()).status_code == 202
    assert url_of(app).database == f"{tmp_path}/instance/unt.db"
    assert not (tmp_path / "unt.db").exists()


def test_site_without_a_database_gets_a_file(tmp_path):
    app = host_app(tmp_path)
    UNT(app)
    assert send(app, view()).status_code == 202
    assert (tmp_path / "instance" / "unt.db").exists()


def test_own_file_beside_the_site_file(tmp_path):
    """The site's file is never opened."""
    app = host_app(tmp_path, f"sqlite:///{tmp_path}/site.db")
    UNT(app, db=SQLAlchemy(app))
    assert send(app, view()).status_code == 202
    assert rows(app, "SELECT count(*) FROM unt_page_view") == [(1,)]
    assert not (tmp_path / "site.db").exists()


def test_engine_with_its_connection_settings(tmp_path, postgres_url):
    """The password is in no URL here: what opens the site's connections opens ours."""
    url = sa.make_url(postgres_url)
    engine = sa.create_engine(
        "postgresql+psycopg://",
        connect_args={
            "host": url.host,
            "port": url.port,
            "user": url.username,
            "password": url.password,
            "dbname": url.database,
        },
    )
    app = host_app(tmp_path)
    UNT(app, db=engine)
    assert send(app, view()).status_code == 202
    close(app)
    engine.dispose()


def test_flask_sqlalchemy_with_its_connection_settings(tmp_path, postgres_url):
    url = sa.make_url(postgres_url)
    app = host_app(
        tmp_path,
        url.set(database="another").render_as_string(hide_password=False),
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"dbname": url.database}},
    )
    SQLAlchemy(app)
    UNT(app)
    assert send(app, view()).status_code == 202
    close(app)


def test_password_in_the_url_of_an_engine_survives(tmp_path):
    engine = sa.create_engine("postgresql+psycopg://me:pass%40word@db.example/site")
    app = host_app(tmp_path)
    UNT(app, db=engine)
    assert url_of(app).password == "pass@word"


# -- Redis ------------------------------------------------------------------


def test_redis_client_is_followed(redis_url):
    app = site(unt=UNT(redis=redis.Redis.from_url(redis_url)))
    state = state_of(app)
    assert send(app, view()).status_code == 202
    assert state.stream.status(0).waiting == 1


def test_redis_url_setting_wins(redis_url):
    client = redis.Redis(host="nowhere.example")
    app = site(unt=UNT(redis=client), UNT_REDIS_URL=redis_url)
    assert send(app, view()).status_code == 202
    assert state_of(app).stream.status(0).waiting == 1


def test_site_without_redis():
    assert state_of(site()).stream is None


# -- Flask-Migrate ----------------------------------------------------------

MIGRATED = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_unt import UNT

app = Flask(__name__)
app.config.update(
    SECRET_KEY="secret",
    SQLALCHEMY_DATABASE_URI={url!r},
    UNT_DATABASE_URL={url!r},
)
db = SQLAlchemy(app)

class Thing(db.Model):
    id = db.Column(db.Integer, primary_key=True)

def skip_old(name, type_, parents):
    return name != "old_table"

{order}
"""
ORDERS = {
    "unt first": "UNT(app)\nMigrate(app, db, include_name=skip_old)",
    "migrate first": "Migrate(app, db, include_name=skip_old)\nUNT(app)",
}


@pytest.mark.parametrize("order", ORDERS)
def test_flask_migrate_never_sees_our_tables(tmp_path, sqlite_url, order):
    """The real autogenerate, in one database with us; the site's own filter stays."""
    source = MIGRATED.format(url=sqlite_url, order=ORDERS[order])
    (tmp_path / "app.py").write_text(source)
    engine = sa.create_engine(sqlite_url)

    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE old_table (id INTEGER)"))
        connection.execute(sa.text("CREATE TABLE unused (id INTEGER)"))

    engine.dispose()

    for command in (["unt", "init-db"], ["db", "init"], ["db", "migrate"]):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command],
            cwd=tmp_path,
            env=clean_environment(),
            check=True,
        )

    (revision,) = (tmp_path / "migrations" / "versions").glob("*.py")
    text = revision.read_text()
    assert "create_table('thing'" in text
    assert "drop_table('unused')" in text
    assert "unt_" not in text
    assert "old_table" not in text


def test_include_name_for_a_site_with_its_own_alembic():
    assert flask_unt.include_name("thing", "table", {})
    assert not flask_unt.include_name("unt_page_view", "table", {})


def test_watching_flask_migrate_ends_when_the_site_serves(tmp_path):
    """Each app context costs the site nothing then."""
    from flask import appcontext_pushed

    app = site()
    Migrate(app, SQLAlchemy())
    assert list(appcontext_pushed.receivers_for(app))
    app.test_client().get("/")
    assert not list(appcontext_pushed.receivers_for(app))


# -- several ----------------------------------------------------------------


def test_two_apps_do_not_mix(tmp_path):
    one = site(f"sqlite:///{tmp_path}/one.db")
    two = site(f"sqlite:///{tmp_path}/two.db")
    send(one, view(title="One"))
    send(two, view(title="Two"), view(title="Two"))
    assert rows(one, "SELECT count(*) FROM unt_page_view") == [(1,)]
    assert rows(two, "SELECT count(*) FROM unt_page_view") == [(2,)]


def test_init_says_nothing(caplog):
    with caplog.at_level(logging.DEBUG):
        site()

    assert caplog.text == ""
