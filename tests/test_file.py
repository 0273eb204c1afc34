"""Nothing is written into a SQLite file that was deleted or replaced meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import entries
import pytest
from flask import Flask
from happenings import only
from happenings import open_store
from happenings import rows
from tracked import close
from tracked import send
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt.errors import StoreUnavailable
from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.engine import normalize_url
from flask_unt.store.file import DatabaseFile

NOW = entries.NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unt.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{path}") as store:
        yield store


@pytest.fixture
def app(path: Path) -> Iterator[Flask]:
    app = site(f"sqlite:///{path}")
    yield app
    close(app)


def put(store: Store) -> None:
    store.inbox.put(entries.data(), [entries.VISITOR])


def delete(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def waiting(path: Path) -> int:
    with open_store(f"sqlite:///{path}") as other:
        return other.inbox.waiting().entries


def test_a_view_is_refused_where_the_file_is_gone(app: Flask, path: Path) -> None:
    """Its browser keeps it, and sends it again when there is a file."""
    assert send(app, view()).status_code == 202
    delete(path)
    answers = [send(app, view()) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {503}
    assert not path.exists()

    with open_store(f"sqlite:///{path}") as other:
        other.prepare()

    assert send(app, view(title="Later")).status_code == 202
    state_of(app).store.catch_up()

    with open_store(f"sqlite:///{path}") as other:
        assert only(other, schema.page).title == "Later"


def test_the_sentence_says_what_to_do(store: Store, path: Path) -> None:
    put(store)
    delete(path)

    for use in (store.site_id, store.status, lambda: put(store)):
        with pytest.raises(StoreUnavailable, match="flask unt init-db"):
            use()


def test_a_file_that_was_put_in_its_place_is_used(store: Store, path: Path) -> None:
    """By every connection, after a look whether its tables are there."""
    put(store)
    store.inbox.drain(NOW)
    first = store.site_id()
    other = path.with_name("other.db")
    other.touch()
    delete(path)
    os.replace(other, path)

    put(store)
    assert waiting(path) == 1
    assert store.site_id() != first
    store.inbox.drain(NOW)
    assert len(rows(store, schema.page_view)) == 1


def test_closing_the_old_file_leaves_the_new_ones_log(store: Store, path: Path) -> None:
    """What is committed there is in the log that has the same name."""
    put(store)
    delete(path)

    with open_store(f"sqlite:///{path}") as other:
        put(other)
        put(store)
        put(other)
        assert other.inbox.waiting().entries == 3

    assert waiting(path) == 3


def test_a_file_that_comes_back_is_the_same_one(store: Store, path: Path) -> None:
    put(store)
    away = path.with_name("away.db")
    path.rename(away)

    with pytest.raises(StoreUnavailable):
        put(store)

    away.rename(path)
    put(store)
    assert waiting(path) == 2


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "postgresql:///d"],
)
def test_what_is_no_file_is_never_gone(url: str) -> None:
    """Or nobody can tell whether it is."""
    file = DatabaseFile(normalize_url(url))
    file.note_opened()
    assert file.is_same() and not file.is_gone()


def test_a_relative_name_is_of_the_folder_where_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with open_store("sqlite:///unt.db") as store:
        put(store)
        monkeypatch.chdir("/")
        put(store)
        delete(tmp_path / "unt.db")

        with pytest.raises(StoreUnavailable, match=str(tmp_path)):
            put(store)
