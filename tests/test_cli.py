"""The operator's commands, run as ``flask`` runs them."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from flask_unt import UNT
from flask_unt.state import get_state


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="secret", UNT_REDIS_URL=None)
    UNT(app)
    return app


def command(app: Flask, *words: str) -> Result:
    result = app.test_cli_runner().invoke(args=list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_init_db_creates_the_tables_and_may_be_run_again(app: Flask) -> None:
    for _ in range(2):
        result = command(app, "unt", "init-db")

        assert result.exit_code == 0
        assert "at revision" in result.output


def test_login_link_opens_the_dashboard(app: Flask) -> None:
    link = command(app, "unt", "login-link").stdout.strip()
    client = app.test_client()
    settings = get_state(app).settings

    assert client.get(f"{settings.prefix}/dashboard").status_code == 404
    assert client.get(link).status_code == 303
    assert client.get(f"{settings.prefix}/dashboard").status_code == 200


def test_login_link_is_whole_where_the_site_is_known(app: Flask) -> None:
    named = command(app, "unt", "login-link", "--site", "https://a.example/")
    app.config["SERVER_NAME"] = "b.example"
    configured = command(app, "unt", "login-link")

    assert named.stdout.startswith("https://a.example/")
    assert configured.stdout.startswith("http://b.example/")


def test_status_is_quiet_and_exits_with_0_when_all_is_well(app: Flask) -> None:
    result = command(app, "unt", "status")

    assert result.exit_code == 0
    assert get_state(app).settings.prefix in result.output


def test_status_names_what_is_wrong_and_exits_with_1(
    tmp_path: Path, free_port: int
) -> None:
    app = Flask("site", instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "secret"
    app.config["UNT_REDIS_URL"] = f"redis://127.0.0.1:{free_port}/0"
    UNT(app)
    result = command(app, "unt", "status")

    assert result.exit_code == 1
    assert "Redis" in result.output.splitlines()[-2]


def test_status_without_a_database_says_so_in_one_sentence(tmp_path: Path) -> None:
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update(
        SECRET_KEY="secret",
        UNT_REDIS_URL=None,
        UNT_DATABASE_URL=f"sqlite:///{tmp_path}/no/such/folder/unt.db",
    )
    UNT(app)
    result = command(app, "unt", "status", "--json")
    report: dict[str, Any] = json.loads(result.stdout)

    assert result.exit_code == 1
    assert report["database"] is None
    assert len(report["trouble"]) == 1
    assert "Traceback" not in result.output


def test_worker_without_redis_says_that_none_is_needed(app: Flask) -> None:
    result = command(app, "unt-worker")

    assert result.exit_code == 1
    assert "no worker is needed" in result.output


def test_worker_drains_what_waits_and_ends(tmp_path: Path, redis_url: str) -> None:
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="secret", UNT_REDIS_URL=redis_url)
    app.config["UNT_QUEUE"] = f"cli{time.time_ns()}"
    UNT(app)

    assert command(app, "unt-worker", "--burst").exit_code == 0


def test_demo_data_may_be_made_twice(app: Flask) -> None:
    """The second time adds but what was still to come at the first."""
    counts = []

    for _ in range(2):
        result = command(app, "unt", "demo-data", "--weeks", "1")
        assert result.exit_code == 0, result.output
        counts += map(int, re.findall(r"has (\d+) views", result.output))

    assert 100 < counts[0] <= counts[1] < counts[0] + 50


def test_prune_deletes_what_is_older_than_is_kept(app: Flask) -> None:
    command(app, "unt", "demo-data", "--weeks", "1")
    assert "Deleted 0 rows" in command(app, "unt", "prune").output

    store = get_state(app).store
    store.settings = replace(store.settings, retention_days=1)

    assert "Deleted 0 rows" not in command(app, "unt", "prune").output


def test_import_of_no_database_is_one_sentence(app: Flask) -> None:
    result = command(app, "unt", "import-2017", "sqlite:////no/such/file.db")

    assert result.exit_code == 1
    assert result.output.strip().splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in result.output
