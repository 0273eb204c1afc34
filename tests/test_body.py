from __future__ import annotations

import gzip
import io
import json

import pytest
import requests
from tracked import HERE
from tracked import PREFIX
from tracked import VISITOR
from tracked import batch
from tracked import post
from tracked import site
from tracked import view
from werkzeug.test import EnvironBuilder
from werkzeug.test import run_wsgi_app

ADDRESSES = ("/e", "/email", f"/user/{VISITOR}/track", f"/user/{VISITOR}/email")


def status_of(environ):
    """The answer to a request as a WSGI server hands it over."""
    _, status, _ = run_wsgi_app(site(), environ)
    return int(status.partition(" ")[0])


@pytest.mark.parametrize("path", ADDRESSES)
def test_overlong_bodies_are_413_unread(path):
    class Unreadable(io.RawIOBase):
        def read(self, size=-1):
            pytest.fail("read")

    builder = EnvironBuilder(PREFIX + path, method="POST", headers=HERE)
    environ = builder.get_environ()
    environ.update(
        {
            "wsgi.input": Unreadable(),
            "CONTENT_LENGTH": str(64 * 1024 + 1),
            "CONTENT_TYPE": "text/plain",
        }
    )
    assert status_of(environ) == 413


@pytest.mark.parametrize("path", ADDRESSES)
def test_endless_bodies_are_413(path):
    class Endless(io.RawIOBase):
        sent = 0

        def read(self, size=-1):
            assert 0 < size <= 64 * 1024 + 1
            self.sent += min(size, 1000)
            return b"x" * min(size, 1000)

    environ = EnvironBuilder(PREFIX + path, method="POST", headers=HERE).get_environ()
    body = Endless()
    environ.update(
        {
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
            "CONTENT_TYPE": "text/plain",
        }
    )
    environ.pop("CONTENT_LENGTH", None)
    assert status_of(environ) == 413
    assert body.sent <= 64 * 1024 + 1


def test_chunked_body_where_the_server_cannot_tell_its_end():
    """Reading would hang."""
    environ = EnvironBuilder(f"{PREFIX}/e", method="POST", headers=HERE).get_environ()
    environ.update({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "text/plain"})
    environ.pop("CONTENT_LENGTH", None)
    assert status_of(environ) == 413


@pytest.mark.parametrize("length", ["-1", "x", "1_0", "²"])
def test_odd_lengths_are_400(length):
    environ = EnvironBuilder(f"{PREFIX}/e", method="POST", headers=HERE).get_environ()
    environ.update({"CONTENT_LENGTH": length, "CONTENT_TYPE": "text/plain"})
    assert status_of(environ) == 400


def test_cut_off_body_is_400():
    class CutOff(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("the client went away")

    environ = EnvironBuilder(f"{PREFIX}/e", method="POST", headers=HERE).get_environ()
    environ.update(
        {
            "wsgi.input": CutOff(),
            "CONTENT_LENGTH": "10",
            "CONTENT_TYPE": "text/plain",
        }
    )
    assert status_of(environ) == 400


@pytest.mark.parametrize("path", ADDRESSES)
def test_other_types_are_415(path):
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", None):
        assert post(site(), path, data=b"{}", content_type=kind).status_code == 415

    headers = {**HERE, "Content-Encoding": "gzip"}
    body = gzip.compress(b"{}")
    response = post(
        site(), path, data=body, content_type="application/json", headers=headers
    )
    assert response.status_code == 415


SITE = """
from flask import Flask
from flask_unt import UNT

app = Flask(__name__)
app.config.update(SECRET_KEY="secret", UNT_PREFIX="/k3x9")
UNT(app)
"""


@pytest.mark.parametrize("server", ["gunicorn", "werkzeug"])
def test_bodies_over_real_http(serve, server):
    """In chunks without a length; in chunks without an end; then one in one piece."""
    address = serve(SITE, server=server)
    headers = {"Content-Type": "text/plain", "Origin": address.url}
    body = json.dumps(batch(view(url=f"{address.url}/a"))).encode()

    def post_in_chunks(chunks):
        return requests.post(f"{address.url}{PREFIX}/e", data=chunks, headers=headers)

    assert post_in_chunks(iter([body[:50], body[50:]])).json()["accepted"] == 1
    refused = post_in_chunks(iter([b"x" * 10_000] * 7))
    assert refused.status_code == 413
    response = post_in_chunks(body)
    assert (response.status_code, response.json()["accepted"]) == (202, 1)
    assert "Traceback" not in address.log()
