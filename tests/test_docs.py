"""The documents tell the truth: names are documented, examples run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from flask_unt import cli
from flask_unt.config import SETTING_NAMES
from flask_unt.store import schema

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLE = re.compile(r"<!-- run: (\S+) -->\n```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def examples() -> Iterator[Any]:
    for document in DOCUMENTS:
        for name, source in EXAMPLE.findall(document.read_text()):
            yield pytest.param(source, id=f"{document.stem}-{name}")


def commands(group: click.Group) -> Iterator[str]:
    yield from (f"flask unt {name}" for name in group.commands)


@pytest.mark.parametrize("source", [*examples()])
def test_example_runs_and_its_pages_carry_the_tag(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    names: dict[str, Any] = {"__name__": "example"}
    source = source.replace(
        "Flask(__name__)", f"Flask(__name__, instance_path={str(tmp_path)!r})"
    )
    exec(compile(source, "example", "exec"), names)
    app: Flask = names.get("app") or names["create_app"]()

    if not any(rule.rule == "/" for rule in app.url_map.iter_rules()):
        app.add_url_rule("/", view_func=lambda: "<html><body>Hello</body></html>")

    assert "/unt.js?v=" in app.test_client().get("/").text


def test_readme_quick_start_is_among_the_examples() -> None:
    """So that a renamed marker does not silently leave it out."""
    assert "run: readme" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", SETTING_NAMES)
def test_setting_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "configuration.md").read_text()


def test_only_real_settings_are_documented() -> None:
    text = "\n".join(document.read_text() for document in DOCUMENTS)

    assert set(re.findall(r"\bUNT_[A-Z_]*[A-Z]\b", text)) <= set(SETTING_NAMES)


@pytest.mark.parametrize("command", [*commands(cli.unt), "flask unt-worker"])
def test_command_is_in_the_readme(command: str) -> None:
    assert f"| `{command}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", [*cli.unt.commands.values(), cli.unt_worker])
def test_command_says_what_it_does(command: click.Command) -> None:
    assert command.help

    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name in ("site", "zone"):
            assert parameter.help


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


def tracker_names() -> list[str]:
    """The attributes and calls that the tracker's sources know."""
    source = "\n".join(file.read_text() for file in (ROOT / "js").glob("*.js"))
    calls = re.search(r"const calls = \{(.*?)\n\};", source, re.DOTALL)
    assert calls
    named = re.findall(r"^  (\w+)[,:(]", calls[1], re.MULTILINE)
    attributes = set(re.findall(r"settings\.(\w+)|\"(\w+)\" in settings", source))
    return [
        *(f"`UNT.{name}(" for name in named if name != "open"),
        *sorted(f"data-{one or other}" for one, other in attributes),
    ]


@pytest.mark.parametrize("name", tracker_names())
def test_what_the_tracker_offers_is_documented(name: str) -> None:
    assert name in (ROOT / "docs" / "tracker.md").read_text()


@pytest.mark.parametrize("table", sorted(schema.metadata.tables))
def test_table_is_documented(table: str) -> None:
    assert f"`{table}`" in (ROOT / "docs" / "architecture.md").read_text()


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
