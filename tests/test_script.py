from __future__ import annotations

import gzip

import pytest
from tracked import PREFIX
from tracked import site

from flask_unt.ingest.script import load_script


def test_script():
    client = site().test_client()
    response = client.get(f"{PREFIX}/unt.js")
    assert response.data == load_script().body
    assert response.content_type == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in response.headers

    same = client.get(
        f"{PREFIX}/unt.js", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert same.status_code == 304
    assert same.data == b""
    assert client.head(f"{PREFIX}/unt.js").content_length == len(response.data)


def test_script_of_this_version_never_changes():
    client = site().test_client()
    current = client.get(f"{PREFIX}/unt.js?v={load_script().version}")
    assert "immutable" in current.headers["Cache-Control"]
    old = client.get(f"{PREFIX}/unt.js?v=0123")
    assert old.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br, gzip;q=0.8", "gzip"), ("gzip;q=0", None), ("", None)],
)
def test_script_compressed(accepted, encoding):
    headers = {"Accept-Encoding": accepted}
    response = site().test_client().get(f"{PREFIX}/unt.js", headers=headers)
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    body = gzip.decompress(response.data) if encoding else response.data
    assert body == load_script().body


def test_script_is_only_read():
    response = site().test_client().post(f"{PREFIX}/unt.js")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
