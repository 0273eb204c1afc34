"""What an owner gets from ``pip install flask-unt``."""

from __future__ import annotations

import configparser
import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from processes import REPOSITORY
from processes import Process
from processes import clean_environment
from processes import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("package"),
]

APP = """\
from flask import Flask
from flask_unt import UNT

app = Flask(__name__)
app.config["SECRET_KEY"] = "not so secret"
unt = UNT(app)

@app.get("/")
def home():
    return "<html><head><title>First page</title></head><body>Hello</body></html>"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the wheel and the sdist, built from a copy of the tree."""
    folder = tmp_path_factory.mktemp("package")
    # What other tests write meanwhile may be gone before it is copied.
    left_out = shutil.ignore_patterns(
        *(".git", ".venv*", "node_modules", "*.egg-info", "build", "instance"),
        *(".*_cache", "__pycache__", ".hypothesis"),
    )
    shutil.copytree(REPOSITORY, folder / "tree", ignore=left_out)
    run([sys.executable, "-m", "build", "--outdir", "..", "."], folder / "tree")

    return folder


def test_wheel_has_every_file_of_the_package(built):
    with zipfile.ZipFile(only(built, "*.whl")) as wheel:
        names = set(wheel.namelist())

    assert package_files() <= names
    assert not [name for name in names if not name.startswith("flask_unt")]


def test_sdist_has_what_a_rebuild_needs(built):
    with tarfile.open(only(built, "*.tar.gz")) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    wanted = {"setup.cfg", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"}
    wanted |= {"tests/conftest.py", "example_app/templates/home.html"}
    assert package_files() | wanted <= names


def test_from_pip_install_to_the_first_view_on_the_dashboard(built, tmp_path, note):
    """As a new user does it, without a compiler, in under five minutes."""
    begun = time.monotonic()
    python, before = empty_environment(tmp_path / "venv")
    wheel = str(only(built, "*.whl"))
    pip = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    run([*pip, wheel], tmp_path)
    installed = time.monotonic() - begun
    (tmp_path / "app.py").write_text(APP)

    port = free_port()
    site = f"http://127.0.0.1:{port}"
    flask = [str(python), "-m", "flask"]
    environment = {"PYTHONPATH": ""}
    process = Process(
        [*flask, "run", "--port", str(port)],
        tmp_path / "site.log",
        folder=tmp_path,
        environment=environment,
    ).start()

    try:
        process.wait_until(lambda: b"Hello" in fetch(site, missing=b""))
        send_view(site)
        link = run([*flask, "unt", "login-link", "--site", site], tmp_path).split()[-1]
        assert "First page" in browse(link)
    finally:
        process.stop()

    took = time.monotonic() - begun
    packages, size = weigh(python)
    note(
        f"pip install flask-unt: {installed:.1f} s, {packages} packages,"
        f" {(size - before) / 1e6:.1f} MB;"
        f" first view on the dashboard after {took:.1f} s"
    )
    assert took < 300


def test_lowest_versions_are_those_of_setup_cfg():
    """So that what is called supported is what ``make test`` runs with."""
    lowest = {
        requirement.name.lower(): specifier.version
        for requirement in requirements(REPOSITORY / "requirements-lowest.txt")
        for specifier in requirement.specifier
    }

    for requirement in runtime_requirements():
        for specifier in requirement.specifier:
            pinned = lowest[requirement.name.lower()]
            assert specifier.operator == ">="
            assert f"{pinned}.".startswith(f"{specifier.version}."), requirement.name


def runtime_requirements() -> list[Requirement]:
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    extras = config["options.extras_require"]
    lines = [config["options"]["install_requires"], extras["postgresql"]]
    lines.append(extras["mysql"])

    return [Requirement(line) for line in "\n".join(lines).split("\n") if line]


def requirements(path: Path) -> list[Requirement]:
    lines = path.read_text().splitlines()

    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def package_files() -> set[str]:
    return {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "flask_unt").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)

    return found


def empty_environment(folder: Path) -> tuple[Path, int]:
    """A new virtual environment's python, and how many bytes it has from the start."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"

    return python, weigh(python)[1]


def weigh(python: Path) -> tuple[int, int]:
    """How many packages an environment has besides pip's own, and its bytes."""
    listed = json.loads(run([str(python), "-m", "pip", "list", "--format", "json"]))
    names = {package["name"] for package in listed} - {"pip", "setuptools", "wheel"}
    files = [path for path in python.parent.parent.rglob("*") if path.is_file()]

    return len(names), sum(path.stat().st_size for path in files)


def run(command: list[str], folder: Path = REPOSITORY) -> str:
    environment = {**clean_environment({"PYTHONPATH": ""}), "CC": "/no/compiler"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr

    return done.stdout


def fetch(url: str, *, missing: bytes) -> bytes:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.read()
    except OSError:
        return missing


def send_view(site: str) -> None:
    """What unt.js does, at the address that the page's own script tag names."""
    page = fetch(site, missing=b"").decode()
    prefix = re.search(r'src="(/[^"]+)/unt\.js', page)
    assert prefix, page
    now = int(time.time() * 1000)
    view = {
        "type": "view",
        "id": f"view-{os.getpid()}",
        "visitor": "0b1f7c53-52a5-4f6e-9f0e-6a2c35c1a001",
        "time": now,
        "tz": 0,
        "url": f"{site}/",
        "title": "First page",
    }
    batch = urllib.request.Request(
        f"{site}{prefix[1]}/e",
        json.dumps({"v": 1, "sent": now, "events": [view]}).encode(),
        {
            "Content-Type": "text/plain",
            "Origin": site,
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
        },
    )

    with urllib.request.urlopen(batch) as answer:
        assert json.load(answer)["accepted"] == 1


def browse(link: str) -> str:
    """The text behind a link, opened by a browser that keeps cookies."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())

    with urllib.request.build_opener(jar).open(link) as answer:
        return answer.read().decode()
