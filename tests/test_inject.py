from __future__ import annotations

import gzip
import io
import re
import timeit

import flask
import pytest
from flask import Blueprint
from flask import Response
from flask import abort
from flask import make_response
from flask import render_template_string
from flask import request
from flask import send_file
from flask_compress import Compress
from flask_talisman import Talisman
from tracked import PAGE
from tracked import PREFIX
from tracked import bare_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_unt import UNT
from flask_unt.ingest.script import load_script
from flask_unt.ingest.untagged import DOCUMENT

TAG = (
    f'<script defer src="{PREFIX}/unt.js?v={load_script().version}" data-auto></script>'
)
TAGGED = PAGE.replace("</body>", f"{TAG}</body>")


def site(body=PAGE, unt=None, **config):
    """A site whose one page is ``body``: text, bytes, or a view."""
    app = bare_app(UNT_DATABASE_URL="sqlite://", **config)
    app.add_url_rule("/", "page", body if callable(body) else lambda: body)
    (unt or UNT()).init_app(app)
    return app


def get(app, **options):
    return app.test_client().get("/", **options)


def is_untouched(view, **headers):
    """Whether the page comes out as it does without UNT, byte for byte."""
    plain = bare_app()
    plain.config.pop("UNT_PREFIX")
    plain.add_url_rule("/", "page", view)
    expected = plain.test_client().get("/", headers=headers)
    found = get(site(view), headers=headers)
    assert found.data == expected.data

    # The second may have turned between the two.
    for response in (expected, found):
        response.headers.pop("Date", None)

    assert dict(found.headers) == dict(expected.headers)
    return True


def test_tag_comes_before_the_closing_body():
    response = get(site())
    assert response.text == TAGGED
    assert response.content_length == len(TAGGED)


@pytest.mark.parametrize(
    "end",
    [
        "</body>",
        "</BODY>\n</HTML>\n",
        "</body ></html>",
        "</body><!-- cached --></html><!-- rendered in 3 ms -->\n",
    ],
)
def test_ways_to_end_a_page(end):
    assert get(site(f"<html><body>x{end}")).text == f"<html><body>x{TAG}{end}"


@pytest.mark.parametrize(
    "body",
    [
        "<p>a fragment</p>",
        "<html><body>never closed",
        "<html><body></body><p>and more",
        "<html><body><script>var end = '</body>';</script>",
        "",
        f"<html><head>{TAG}</head><body></body></html>",
        "<html><body>" + "x" * (2 * 1024 * 1024) + "</body></html>",
    ],
)
def test_what_is_no_page_stays(body):
    assert is_untouched(lambda: body)


def test_types_that_are_no_html_stay():
    for kind in (
        "application/json",
        "text/plain",
        "application/xhtml+xml",
        "image/svg+xml",
    ):
        assert is_untouched(lambda kind=kind: Response(PAGE, mimetype=kind))


def test_wide_charsets_stay():
    body = PAGE.encode("utf-16")
    assert is_untouched(
        lambda: Response(body, content_type="text/html; charset=utf-16")
    )


@pytest.mark.parametrize("status", [201, 202, 206, 301, 400, 401, 422, 429])
def test_other_statuses_stay(status):
    assert is_untouched(lambda: (PAGE, status))


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_error_pages_carry_their_status(status):
    def page():
        abort(status)

    app = site(page)
    app.register_error_handler(status, lambda error: (PAGE, status))
    response = get(app)
    assert response.status_code == status
    assert f'data-auto data-status="{status}"></script></body>' in response.text


def test_page_of_an_unknown_address_carries_the_tag():
    app = site()
    app.register_error_handler(404, lambda error: (PAGE, 404))
    assert 'data-status="404"' in app.test_client().get("/nowhere").text


def test_error_pages_of_werkzeug_stay():
    assert is_untouched(lambda: abort(404))


def test_streams_stay():
    assert is_untouched(lambda: Response(iter([PAGE]), mimetype="text/html"))


def test_files_stay():
    def page():
        return send_file(io.BytesIO(PAGE.encode()), mimetype="text/html")

    assert is_untouched(page)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Encoding", "br"),
        ("Content-Range", "bytes 0-10/100"),
        ("Content-Disposition", "attachment; filename=page.html"),
    ],
)
def test_headers_that_say_no(name, value):
    assert is_untouched(lambda: Response(PAGE, headers={name: value}))


@pytest.mark.parametrize(
    "headers", [{"X-Requested-With": "XMLHttpRequest"}, {"HX-Request": "true"}]
)
def test_fragments_stay(headers):
    assert is_untouched(lambda: PAGE, **headers)


def test_boosted_pages_are_pages():
    headers = {"HX-Request": "true", "HX-Boosted": "true"}
    assert get(site(), headers=headers).text == TAGGED


def test_parts_are_joined():
    assert get(site(lambda: Response([PAGE[:20], PAGE[20:].encode()]))).text == TAGGED


def test_head_has_the_length_of_the_page():
    response = site().test_client().head("/")
    assert response.data == b""
    assert response.content_length == len(TAGGED)


def test_conditional_pages():
    """The tag makes another page of it: another ETag, which the site never sees."""
    seen = []

    def page():
        seen.append(request.if_none_match.to_header())
        response = make_response(PAGE)
        response.set_etag("abc")
        return response.make_conditional(request)

    app = site(page)
    first = get(app)
    assert first.text == TAGGED
    assert first.headers["ETag"] != '"abc"'

    again = get(app, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["ETag"] == first.headers["ETag"]
    assert seen == ["", '"abc"']


def test_any_etag_is_answered_with_that_of_the_tagged_page():
    """A view that is exempt, or whose page has no tag, keeps its own."""
    unt = UNT()

    def answer(body):
        response = make_response(body)
        response.set_etag("abc")
        return response.make_conditional(request)

    app = site(lambda: answer(PAGE), unt)
    app.get("/part", endpoint="part")(lambda: answer("part"))
    app.get("/exempt", endpoint="exempt")(unt.exempt(lambda: answer(PAGE)))
    client = app.test_client()
    tagged = client.get("/").headers["ETag"]

    for path, etag in [("/", tagged), ("/part", '"abc"'), ("/exempt", '"abc"')]:
        response = client.get(path, headers={"If-None-Match": "*"})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == etag


@pytest.mark.parametrize("name", ["Content-MD5", "Digest", "repr-digest"])
def test_digest_of_the_page_without_the_tag_is_dropped(name):
    app = site(lambda: Response(PAGE, headers={name: "x"}))
    assert name not in get(app).headers
    assert is_untouched(lambda: Response("part", headers={name: "x"}))


def test_page_from_before_the_tag_is_sent_anew():
    def page():
        response = make_response(PAGE)
        response.set_etag("abc", weak=True)
        return response.make_conditional(request)

    app = site(page)
    response = get(app, headers={"If-None-Match": 'W/"abc-unt00000000"'})
    assert response.status_code == 200
    assert response.headers["ETag"].startswith('W/"abc-unt')


@pytest.mark.parametrize("first", ["compress", "unt"])
def test_flask_compress(first):
    app = bare_app(UNT_DATABASE_URL="sqlite://", COMPRESS_MIN_SIZE=1)
    app.get("/")(lambda: PAGE)
    extensions = {"compress": Compress(), "unt": UNT()}

    for name in sorted(extensions, key=lambda name: name != first):
        extensions[name].init_app(app)

    response = get(app, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.data).decode() == TAGGED


@pytest.mark.parametrize("first", ["talisman", "unt"])
def test_flask_talisman(first):
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    app.get("/")(lambda: PAGE)
    talisman = Talisman()
    policy = {"default-src": "'none'", "script-src": "'strict-dynamic'"}
    steps = {
        "unt": lambda: UNT(app),
        "talisman": lambda: talisman.init_app(
            app,
            force_https=False,
            content_security_policy=policy,
            content_security_policy_nonce_in=["script-src"],
        ),
    }

    for name in sorted(steps, key=lambda name: name != first):
        steps[name]()

    response = get(app)
    nonce = re.search("'nonce-([^']+)'", response.headers["Content-Security-Policy"])[1]
    assert f'nonce="{nonce}"></script></body>' in response.text


def test_nonce_argument():
    response = get(site(unt=UNT(nonce=lambda: 'a"b')))
    assert 'nonce="a&#34;b"></script>' in response.text


@pytest.mark.parametrize(
    ("policy", "nonce"),
    [
        ("script-src 'self' 'nonce-aGk='; style-src 'nonce-bm8='", "aGk="),
        ("default-src 'nonce-aGk='", "aGk="),
        ("script-src 'self'; style-src 'nonce-bm8='", None),
        ("style-src 'nonce-bm8='", None),
        ("style-src 'nonce-bm8=', script-src 'nonce-aGk='", "aGk="),
        ("frame-ancestors 'none'\nscript-src 'nonce-aGk='", "aGk="),
    ],
)
def test_nonce_of_a_policy_that_the_view_sets(policy, nonce):
    """A page may have several policies, in one header or in several."""

    def page():
        headers = [("Content-Security-Policy", one) for one in policy.split("\n")]
        return Response(PAGE, headers=headers)

    found = re.search('nonce="([^"]*)"', get(site(page)).text)
    assert (found and found[1]) == nonce


def test_settings_show_in_the_tag():
    app = site(UNT_CONSENT="anonymous", UNT_RESPECT_GPC=False)
    text = get(app).text
    assert 'data-auto data-consent="anonymous" data-gpc="ignore"></script>' in text
    assert 'data-consent="required"' in get(site(UNT_CONSENT="required")).text


def test_injection_can_be_switched_off():
    assert get(site(UNT_INJECT=False)).text == PAGE


def test_tag_placed_by_hand_is_the_only_one():
    template = "<html><head>{{ unt_script() }}</head><body></body></html>"
    text = get(site(lambda: render_template_string(template))).text
    assert text == f"<html><head>{TAG}</head><body></body></html>"


def test_tag_placed_by_hand_without_injection():
    app = site(lambda: render_template_string("{{ unt_script() }}"), UNT_INJECT=False)
    assert get(app).text == TAG


def test_exempt_view():
    unt = UNT()

    @unt.exempt
    def page():
        return render_template_string("{{ unt_script() }}" + PAGE)

    assert get(site(page, unt)).text == PAGE


def test_exempt_blueprint():
    unt = UNT()
    blueprint = unt.exempt(Blueprint("quiet", __name__))
    blueprint.get("/quiet")(lambda: PAGE)
    app = site(unt=unt)
    app.register_blueprint(blueprint)
    assert app.test_client().get("/quiet").text == PAGE
    assert get(app).text == TAGGED


def test_site_under_a_path():
    app = site()
    app.wsgi_app = DispatcherMiddleware(bare_app().wsgi_app, {"/my shop": app.wsgi_app})
    response = Client(app).get("/my%20shop/")
    assert f'src="/my%20shop{PREFIX}/unt.js' in response.text


def test_path_that_a_proxy_tells():
    app = site()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)
    response = get(app, headers={"X-Forwarded-Prefix": "/shop"})
    assert f'src="/shop{PREFIX}/unt.js' in response.text


def test_host_hook_that_fails():
    """The site's 500 page is the site's to render, and is a page like any other."""
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    app.get("/")(lambda: PAGE)
    fails = iter([True])

    @app.after_request
    def fail(response):
        if next(fails, False):
            raise RuntimeError("the site's own trouble")

        return response

    UNT(app)
    app.register_error_handler(500, lambda error: (PAGE, 500))
    assert 'data-status="500"' in get(app).text


def test_failing_nonce_never_breaks_the_page(caplog):
    def nonce():
        raise RuntimeError("no nonce")

    app = site(unt=UNT(nonce=nonce))
    assert get(app).text == PAGE
    assert get(app).text == PAGE
    assert caplog.text.count("no nonce") == 1


def test_injection_is_quick():
    """20 microseconds for a page of 20 KB; ten times that is still a pass here."""
    app = site()
    get(app)
    hook = app.after_request_funcs[None][-1]
    body = f"<html><body>{'<p>text</p>' * 2000}</body></html>"

    with app.test_request_context("/"):

        def inject():
            hook(response)

        def prepare():
            nonlocal response
            response = flask.Response(body)

        response = None
        times = timeit.Timer(inject, prepare).repeat(200, 1)

    assert min(times) < 200e-6


def test_comments_without_end_cost_nothing() -> None:
    assert DOCUMENT.match(b"<!-- a --> <!-- b -->\n<!doctype html>")
    assert DOCUMENT.match(b"<!---->" * 140) is None
