from __future__ import annotations

import gzip
import json
import subprocess

import pytest
from processes import command_path
from tracked import PREFIX
from tracked import site

from flask_unt.ingest.script import STATIC
from flask_unt.ingest.script import load_script

UNBROTLI = (
    "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"
)


def get(path="/unt.js", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return site().test_client().get(PREFIX + path, headers=headers)


def unpacked(response):
    encoding = response.headers.get("Content-Encoding")

    if encoding == "gzip":
        return gzip.decompress(response.data)

    if encoding == "br":
        command = [command_path("node"), "-e", UNBROTLI]
        return subprocess.run(
            command, input=response.data, capture_output=True, check=True
        ).stdout

    return response.data


def test_script():
    response = get()
    assert response.data == load_script().body
    assert response.content_type == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in response.headers


def test_script_of_this_version_never_changes():
    """Another one's address must not be cached with this one's content."""
    current = get(f"/unt.js?v={load_script().version}")
    assert "immutable" in current.headers["Cache-Control"]

    for query in ("?v=0123", "?v=", "?v", f"?x={load_script().version}"):
        assert get(f"/unt.js{query}").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.0, br;q=x", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_script_compressed(accepted, encoding):
    response = get(Accept_Encoding=accepted)
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.content_length == len(response.data)
    assert unpacked(response) == load_script().body

    headers = {"Accept-Encoding": accepted}
    head = site().test_client().head(f"{PREFIX}/unt.js", headers=headers)
    assert (head.data, head.content_length) == (b"", len(response.data))
    assert head.headers["ETag"] == response.headers["ETag"]


def test_etag_is_of_the_variant():
    """Whoever has it compressed does not have it plain."""
    tags = {name: get(Accept_Encoding=name).headers["ETag"] for name in ("br", "gzip")}
    tags[""] = get().headers["ETag"]
    assert len(set(tags.values())) == 3

    for name, tag in tags.items():
        for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            same = get(Accept_Encoding=name, If_None_Match=sent)
            assert (same.status_code, same.data) == (304, b"")
            assert same.headers["ETag"] == tag
            assert same.headers["Vary"] == "Accept-Encoding"

        others = ", ".join(set(tags.values()) - {tag})
        other = get(Accept_Encoding=name, If_None_Match=others)
        assert other.status_code == 200


def test_source_map_and_source_are_beside_it():
    response = get()
    assert response.headers["SourceMap"] == "unt.js.map"

    found = get(f"/{response.headers['SourceMap']}")
    assert found.content_type == "application/json"
    assert json.loads(found.data)["sourcesContent"]
    source = get("/unt.src.js?v=1")
    assert source.data == (STATIC / "unt.src.js").read_bytes()
    assert source.content_type == "text/javascript; charset=utf-8"

    for path in ("/unt.js.map", "/unt.src.js"):
        answer = get(path)
        assert answer.headers["Cache-Control"] == "no-cache"
        assert get(path, If_None_Match=answer.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("path", ["/unt.js", "/unt.js.map", "/unt.src.js"])
def test_script_is_only_read(path):
    response = site().test_client().post(PREFIX + path)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
