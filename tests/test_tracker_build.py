"""The served unt.js is what its source says, and stays small."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import pytest
from processes import REPOSITORY
from processes import command_path

STATIC = REPOSITORY / "flask_unt" / "static"
BUILT = ("unt.js", "unt.js.map", "unt.src.js")
MOST_GZIP = 3720
MOST_BROTLI = 3370


def node(*arguments: str | Path) -> str:
    """What a node command prints; its failure fails the test."""
    done = subprocess.run(
        [command_path("node"), *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def modules() -> None:
    """Install what package-lock.json pins, where that has not been done."""
    if not (REPOSITORY / "node_modules" / "terser").exists():
        subprocess.run(
            [command_path("npm"), "ci", "--no-audit", "--no-fund"],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
        )


def test_a_build_gives_the_committed_files(tmp_path: Path) -> None:
    node("scripts/build-tracker.mjs", tmp_path)

    for name in BUILT:
        built, committed = tmp_path / name, STATIC / name
        assert _mapped(built) == _mapped(committed), f"Run npm run build: {name}."


def test_what_is_served_compressed_is_the_script(tmp_path: Path) -> None:
    """Compared unpacked: node's zlib does not pack alike on every processor."""
    node("scripts/build-tracker.mjs", tmp_path)
    unpack = "zlib.brotliDecompressSync(fs.readFileSync(process.argv[1])).toString()"

    for folder in (tmp_path, STATIC):
        script = (folder / "unt.js").read_bytes()
        zipped = (folder / "unt.js.gz").read_bytes()
        assert gzip.decompress(zipped) == script, "Run npm run build: unt.js.gz."
        assert zipped[4:10] == b"\0\0\0\0\2\xff", "It holds a time or a system."
        brotli = node("-p", unpack, folder / "unt.js.br")
        assert brotli.encode() == script + b"\n", "Run npm run build: unt.js.br."

    assert (tmp_path / "unt.js.br").read_bytes() == (STATIC / "unt.js.br").read_bytes()


def test_it_is_small(note) -> None:
    script = (STATIC / "unt.js").read_bytes()
    zipped = len(gzip.compress(script, 9))
    measure = "zlib.brotliCompressSync(fs.readFileSync(process.argv[1])).length"
    brotli = int(node("-p", measure, STATIC / "unt.js"))
    note(f"unt.js: {len(script)} bytes, {zipped} gzip, {brotli} brotli")

    assert zipped <= MOST_GZIP
    assert brotli <= MOST_BROTLI


def test_its_types_are_right() -> None:
    node("node_modules/typescript/bin/tsc", "--project", "jsconfig.json")


def test_it_uses_nothing_that_a_strict_page_forbids() -> None:
    source = "".join(path.read_text() for path in (REPOSITORY / "js").glob("*.js"))

    for forbidden in (
        r"\beval\b",
        r"new Function",
        r"innerHTML",
        r"document\.cookie",
        r"document\.write",
        r"preventDefault",
        r"beforeunload",
        r"[\"' ]unload[\"' ]",
        r"navigator\.locks",
    ):
        assert not re.search(forbidden, source), forbidden


def test_the_lock_file_says_nothing_of_where_packages_come_from() -> None:
    assert '"resolved"' not in (REPOSITORY / "package-lock.json").read_text()


def _mapped(path: Path) -> str:
    """The text; in a source map, the paths of the sources count from the repository."""
    text = path.read_text()

    return re.sub(r'"sources": *\[.*?\]', "", text) if path.suffix == ".map" else text
