from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_unt.errors import RequestRefused
from flask_unt.events import Batch
from flask_unt.events import Custom
from flask_unt.events import Identify
from flask_unt.events import Leave
from flask_unt.events import Rejected
from flask_unt.events import Rules
from flask_unt.events import View
from flask_unt.events import clean_email
from flask_unt.events import clean_text
from flask_unt.events import clean_visitor
from flask_unt.events import mask_emails
from flask_unt.events import parse_2017_view
from flask_unt.events import parse_batch
from flask_unt.events import parse_email
from flask_unt.events import parse_visitor_email
from flask_unt.events import stored_key

NOW = 1_790_000_000_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
VISITOR = "5b0ceb4d-07d5-4ac2-9a93-0fd4d7f4a2f0"
OTHER = "11111111-2222-1333-8444-555555555555"
MOMENT = NOW - 1000
ID = f"{MOMENT:012x}"[:8] + "-" + f"{MOMENT:012x}"[8:] + "-7abc-8def-0123456789ab"
RULES = Rules(
    frozenset({"a.example"}), ("utm_*", "ref"), lambda host, path: path == "/secret"
)
VIEW: dict[str, Any] = {
    "type": "view",
    "id": ID,
    "visitor": VISITOR,
    "time": MOMENT,
    "url": "https://a.example/x",
}
LEAVE: dict[str, Any] = {
    "type": "leave",
    "view": ID,
    "visitor": VISITOR,
    "time": MOMENT,
}
CUSTOM: dict[str, Any] = {**VIEW, "type": "event", "name": "signup"}
IDENTIFY: dict[str, Any] = {**VIEW, "type": "identify", "token": "a.b-c_d"}
MISSING = object()


def batch(*events: Any, **fields: Any) -> bytes:
    return json.dumps({"v": 1, "sent": NOW, "events": events, **fields}).encode()


def parse(*events: Any, **fields: Any) -> Batch:
    return parse_batch(batch(*events, **fields), RULES, NOW)


def with_field(event: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    changed = {**event, name: value}

    if value is MISSING:
        del changed[name]

    return changed


def view(**fields: Any) -> View:
    (event,) = parse({**VIEW, **fields}).events
    assert isinstance(event, View)
    return event


def leave(**fields: Any) -> Leave:
    (event,) = parse({**LEAVE, **fields}).events
    assert isinstance(event, Leave)
    return event


def custom(**fields: Any) -> Custom:
    (event,) = parse({**CUSTOM, **fields}).events
    assert isinstance(event, Custom)
    return event


def refusal(body: bytes) -> tuple[int, str]:
    with pytest.raises(RequestRefused) as caught:
        parse_batch(body, RULES, NOW)

    return caught.value.status, caught.value.reason


def test_a_whole_batch() -> None:
    result = parse(
        {
            **VIEW,
            "tz": -180,
            "url": "https://ana:secret@A.example:443/x?utm_source=news&q=1&ref=b#y",
            "title": " Coffee ",
            "referrer": "https://b.example/s?q=1",
            "from": ID,
            "kind": "push",
            "width": 390,
            "lang": "pt-BR",
            "status": 404,
            "as": "",
        },
        {**LEAVE, "engaged": 8200, "scroll": 75, "title": "Later"},
        {**CUSTOM, "view": ID, "props": {"plan": "pro"}, "as": "mark", "tz": 60},
        IDENTIFY,
        zone="America/Sao_Paulo",
        dropped=3,
        webdriver=True,
        fresh=True,
    )
    key = stored_key(VISITOR, ID, MOMENT)
    assert result == Batch(
        sent=NOW,
        zone="America/Sao_Paulo",
        dropped=3,
        webdriver=True,
        fresh=True,
        clear=False,
        events=(
            View(
                key=key,
                id=ID,
                visitor=VISITOR,
                time=MOMENT,
                tz=-180,
                host="a.example",
                path="/x?ref=b",
                title="Coffee",
                referrer="https://b.example/s",
                campaign=(("utm_source", "news"),),
                from_key=key,
                kind="push",
                width=390,
                lang="pt-BR",
                status=404,
                skewed=False,
                mark="",
            ),
            Leave(key, VISITOR, MOMENT, 8200, 75, "Later"),
            Custom(
                key=key,
                id=ID,
                visitor=VISITOR,
                time=MOMENT,
                tz=60,
                view_key=key,
                name="signup",
                props='{"plan":"pro"}',
                skewed=False,
                mark="mark",
            ),
            Identify(key, ID, VISITOR, MOMENT, "a.b-c_d"),
        ),
        rejected=(),
    )
    assert result.accepted == 4


def test_an_empty_batch_is_a_batch() -> None:
    assert parse() == Batch(NOW, None, 0, False, False, False, (), ())


def test_what_may_be_missing_is_missing() -> None:
    event = view()
    assert event.tz == 0
    assert event.title == ""
    assert event.referrer is event.from_key is event.width is event.mark is None
    assert event.lang is event.status is None
    assert event.kind == "load"
    assert leave().title is None
    assert (leave().engaged, leave().scroll) == (0, 0)
    assert custom().props == "{}"
    assert custom().view_key is None


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"v=1&sent=2", 400, "not-json"),
        (b"\xff\xfe", 400, "not-json"),
        (batch().decode().encode("utf-16"), 400, "not-json"),
        (batch(VIEW).replace(b"view", b"\xff"), 400, "not-json"),
        (b"\xef\xbb\xbf" + batch(), 400, "not-json"),
        (b'{"v": 1, "sent": NaN, "events": []}', 400, "not-json"),
        (b'{"v": 1, "sent": 1, "events": [{"tz": -Infinity}]}', 400, "not-json"),
        (b"[" * 101 + b"]" * 101, 400, "too-deep"),
        (b"[" * 100 + b"]" * 100, 400, "not-a-batch"),
        (b"[" * 5000, 400, "too-deep"),
        (b"[" * 5000 + b"]" * 5000, 400, "too-deep"),
        (b'{"v": 1, "a":' * 2000 + b"1" + b"}" * 2000, 400, "too-deep"),
        (b'"' + b'\\"' * 30_000, 400, "not-json"),
        (b"null", 400, "not-a-batch"),
        (b"[]", 400, "not-a-batch"),
        (b"1" * 5000, 400, "not-a-batch"),
        (b"{}", 400, "not-a-batch"),
        (batch(v=2), 400, "version"),
        (batch(v="1"), 400, "version"),
        (batch(v=True), 400, "version"),
        (batch(v=None), 400, "version"),
        (batch(v=[1]), 400, "version"),
        (batch(sent=None), 400, "bad-sent"),
        (batch(sent="1790000000000"), 400, "bad-sent"),
        (batch(sent=True), 400, "bad-sent"),
        (batch(sent=10**17), 400, "bad-sent"),
        (batch(sent=10**300), 400, "bad-sent"),
        (batch(events=None), 400, "not-a-batch"),
        (batch(events={}), 400, "not-a-batch"),
        (batch(events="view"), 400, "not-a-batch"),
        (batch(zone=5), 400, "bad-zone"),
        (batch(dropped="3"), 400, "bad-dropped"),
        (batch(dropped=True), 400, "bad-dropped"),
        (batch(webdriver=1), 400, "bad-webdriver"),
        (batch(fresh="yes"), 400, "bad-fresh"),
        (batch(clear=1), 400, "bad-clear"),
        (batch(*[VIEW] * 101), 413, "too-many"),
        (batch(title="x" * 65_536), 413, "too-big"),
    ],
)
def test_what_is_no_batch(body: bytes, status: int, reason: str) -> None:
    assert refusal(body) == (status, reason)


def test_nothing_takes_long_to_refuse() -> None:
    started = time.perf_counter()

    for unit in (b"[", b"{", b'"[', b'\\"[', b'"\\"[', b"1", b"@", b'{"a":'):
        refusal(unit * (65_536 // len(unit)))

    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("depth", [99, 150, 5000])
@pytest.mark.parametrize("name", ["title", "x", "props", "events"])
def test_an_event_that_goes_too_deep_is_rejected_alone(depth: int, name: str) -> None:
    """Its neighbours are kept, however deep it goes and whatever its texts hold."""
    good = with_field(VIEW, "title", '"[{]}\\')
    whole = batch(good, with_field(VIEW, name, "@"), good, [["@"]], good)
    deep = whole.replace(b'"@"', b"[" * depth + b"]" * depth)
    result = parse_batch(deep, RULES, NOW)
    assert result.accepted == 3
    assert result.rejected == (Rejected(1, "too-deep"), Rejected(3, "too-deep"))


@pytest.mark.parametrize(
    "body",
    [
        batch(VIEW, x="@"),
        batch(VIEW, x={"events": ["@"]}),
        batch(VIEW, events={"x": "@"}),
        batch(VIEW, x=["events", "@"]),
        b'{"v": 1, "events": [{"title": ' + b"[" * 5000,
        b'{"v": 1, "events": [{"title": ' + b"[" * 5000 + b"]" * 5000,
    ],
)
def test_depth_that_is_not_in_one_event_is_no_batch(body: bytes) -> None:
    status, _ = refusal(body.replace(b'"@"', b"[" * 5000 + b"]" * 5000))
    assert status == 400


def test_a_withdrawal_with_an_event_that_goes_too_deep_still_clears() -> None:
    body = batch([VIEW], clear=True, v=9).replace(b"[{", b"[" * 5000 + b"{")
    assert parse_batch(body.replace(b"}]", b"}" + b"]" * 5000), RULES, NOW).clear


def test_brackets_in_text_are_no_depth() -> None:
    assert view(title='"[' * 100).title == '"[' * 100


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "bad-event"),
        (5, "bad-event"),
        ([], "bad-event"),
        ({}, "bad-type"),
        ({**VIEW, "type": "hit"}, "bad-type"),
        ({**VIEW, "type": 1}, "bad-type"),
        ({**VIEW, "type": []}, "bad-type"),
        *(
            (with_field(event, "id", value), "bad-id")
            for event in (VIEW, CUSTOM, IDENTIFY)
            for value in (MISSING, None, 5, "", "a b", "é", "x" * 65, "x\n", ["x"])
        ),
        *(
            (with_field(LEAVE, "view", value), "bad-view")
            for value in (MISSING, None, 5, "", "x" * 65)
        ),
        *(
            (with_field(event, "visitor", value), "bad-visitor")
            for event in (VIEW, LEAVE, CUSTOM, IDENTIFY)
            for value in (MISSING, "", "null", 5, True, VISITOR[:-1], VISITOR + "0")
        ),
        (with_field(IDENTIFY, "visitor", None), "bad-visitor"),
        *(
            (with_field(event, "time", value), "bad-time")
            for event in (VIEW, LEAVE, CUSTOM, IDENTIFY)
            for value in (MISSING, None, "1790000000000", True, [], {})
        ),
        *(
            (with_field(VIEW, "url", value), "bad-url")
            for value in (
                MISSING,
                None,
                5,
                "",
                "/x",
                "javascript:alert(1)",
                "data:text/html,x",
                "file:///etc/passwd",
            )
        ),
        ({**VIEW, "url": "https://b.example/"}, "foreign-page"),
        ({**VIEW, "url": "https://a.example:8443/"}, "foreign-page"),
        ({**VIEW, "url": "https://a.example@b.example/"}, "foreign-page"),
        ({**VIEW, "url": "https://a.example/secret"}, "exempt"),
        ({**VIEW, "title": 5}, "bad-title"),
        ({**VIEW, "referrer": []}, "bad-referrer"),
        ({**VIEW, "from": 5}, "bad-from"),
        ({**VIEW, "kind": 5}, "bad-kind"),
        ({**VIEW, "width": "390"}, "bad-width"),
        ({**VIEW, "lang": 5}, "bad-lang"),
        ({**VIEW, "status": True}, "bad-status"),
        ({**VIEW, "tz": "-180"}, "bad-tz"),
        ({**VIEW, "as": 5}, "bad-as"),
        ({**LEAVE, "engaged": "1"}, "bad-engaged"),
        ({**LEAVE, "scroll": False}, "bad-scroll"),
        ({**LEAVE, "title": {}}, "bad-title"),
        *(
            (with_field(CUSTOM, "name", value), "bad-name")
            for value in (MISSING, None, 5, "", " \x00\u202e ")
        ),
        *(
            ({**CUSTOM, "props": value}, "bad-props")
            for value in (5, "x", [], {"a": []}, {"a": {}}, {"a": "x" * 5000})
        ),
        ({**CUSTOM, "props": {f"name{i}": "é" * 20 for i in range(90)}}, "bad-props"),
        *(
            (with_field(IDENTIFY, "token", value), "bad-token")
            for value in (MISSING, None, 5, "", "a b", "x" * 2049)
        ),
        ({**VIEW, "extra": "x" * 21_000}, "too-big"),
        ({**VIEW, "extra": "é" * 10_500}, "too-big"),
    ],
)
def test_a_bad_event_is_rejected_and_its_neighbours_are_kept(
    event: Any, reason: str
) -> None:
    result = parse(VIEW, event, LEAVE)
    assert result.rejected == (Rejected(1, reason),)
    assert result.accepted == 2


def test_an_email_in_the_address_that_a_click_led_to_is_masked() -> None:
    led = {"url": "https://shop.example/u/ada%40site.example/ada@site.example"}
    body = batch({**CUSTOM, "props": {**led, "by": "ada@site.example"}})
    (event,) = parse_batch(body, RULES, NOW).events

    assert isinstance(event, Custom)
    masked = {"url": "https://shop.example/u/[email]/[email]", "by": "ada@site.example"}
    assert json.loads(event.props) == masked


def test_a_number_out_of_all_bounds_in_props_is_rejected() -> None:
    body = batch({**CUSTOM, "props": {"a": 12345}}).replace(b"12345", b"1e999")
    assert parse_batch(body, RULES, NOW).rejected == (Rejected(0, "bad-props"),)


def test_a_hundred_events_are_taken() -> None:
    assert parse(*[VIEW] * 100).accepted == 100


def test_unknown_fields_are_of_no_account() -> None:
    assert parse({**VIEW, "colour": [{"x": 1}]}, more={"y": 2}).accepted == 1


@pytest.mark.parametrize("body", [{}, {"v": 7}, {"sent": "x"}, {"v": 1, "sent": NOW}])
def test_withdrawal_always_works(body: dict[str, Any]) -> None:
    data = json.dumps({"events": [], "clear": True, **body}).encode()
    result = parse_batch(data, RULES, NOW)
    assert result.clear
    assert result.accepted == 0


def test_withdrawal_stores_nothing() -> None:
    result = parse(VIEW, clear=True)
    assert result.events == ()
    assert result.rejected == (Rejected(0, "clear"),)


@pytest.mark.parametrize(
    ("sent", "moment", "stored", "skewed"),
    [
        (NOW, NOW - 1000, NOW - 1000, False),
        (NOW, NOW - 1000.7, NOW - 1001, False),
        (NOW, NOW, NOW, False),
        (NOW - 5 * MINUTE, NOW - 6 * MINUTE, NOW - 6 * MINUTE, False),
        (NOW + 5 * MINUTE, NOW + 4 * MINUTE, NOW, False),
        (NOW + 61 * MINUTE, NOW + 51 * MINUTE, NOW - 9 * MINUTE, False),
        (NOW - 62 * MINUTE, NOW - 72 * MINUTE, NOW - 12 * MINUTE, False),
        (NOW - 63 * MINUTE, NOW - 63 * MINUTE, NOW, False),
        (NOW - 400 * DAY, NOW - 400 * DAY - MINUTE, NOW - MINUTE, False),
        (NOW, NOW - 7 * DAY, NOW - 7 * DAY, False),
        (NOW, NOW - 7 * DAY - 1, NOW - 7 * DAY - 1, True),
        (NOW, 0, 0, True),
        (NOW, NOW + 60 * MINUTE, NOW, True),
        (NOW, -1, NOW, True),
        (NOW, -(10**30), NOW, True),
        (NOW, 10**16, NOW, True),
        (NOW, 10**30, NOW, True),
        (NOW + 400 * DAY, 5, NOW, True),
        (-5, -10, NOW, True),
    ],
)
def test_time(sent: int, moment: float, stored: int, skewed: bool) -> None:
    (event,) = parse({**VIEW, "time": moment}, sent=sent).events
    assert isinstance(event, View)
    assert (event.time, event.skewed) == (stored, skewed)


@pytest.mark.parametrize("digits", [b"1e999", b"1" * 5000, b"-" + b"1" * 5000])
def test_a_time_that_overflows_is_huge(digits: bytes) -> None:
    body = batch({**VIEW, "time": 4242}).replace(b"4242", digits)
    (event,) = parse_batch(body, RULES, NOW).events
    assert isinstance(event, View)
    assert (event.time, event.skewed) == (NOW, True)


def test_key_of_a_uuid7() -> None:
    digest = hashlib.sha256(f"{VISITOR}|{ID}".encode()).digest()
    key = stored_key(VISITOR, ID, 5)
    assert key == MOMENT.to_bytes(6, "big") + digest[:10]


def test_a_uuid_in_upper_case_has_the_same_key() -> None:
    assert view(id=ID.upper()).key == view().key
    assert view(id=ID.upper(), **{"from": ID.upper()}).from_key == view().key
    assert view(id="ABC").key != view(id="abc").key


@pytest.mark.parametrize(
    ("id", "moment", "bits"),
    [
        (ID.upper(), 5, MOMENT),
        ("x", MOMENT, MOMENT),
        ("x", MOMENT + 0.5, MOMENT),
        (ID.replace("-7", "-4"), MOMENT + 9, MOMENT + 9),
        ("00000000-0000-7000-8000-000000000000", MOMENT, MOMENT),
        ("ffffffff-ffff-7fff-8fff-ffffffffffff", MOMENT, MOMENT),
        ("x", 1_420_070_400_000, 1_420_070_400_000),
        ("x", 1_420_070_399_999, 0),
        ("x", 4_102_444_799_999, 4_102_444_799_999),
        ("x", 4_102_444_800_000, 0),
        ("x", -5, 0),
        ("x", float("inf"), 0),
    ],
)
def test_time_bits_of_a_key(id: str, moment: float, bits: int) -> None:
    assert int.from_bytes(stored_key(VISITOR, id, moment)[:6], "big") == bits


def test_nobody_can_take_the_key_of_anothers_event() -> None:
    keys = {
        stored_key(VISITOR, ID, 0),
        stored_key(OTHER, ID, 0),
        stored_key(None, ID, 0),
        stored_key(VISITOR, ID[:-1] + "c", 0),
    }
    assert len(keys) == 4


def test_a_late_retry_has_the_same_key() -> None:
    """The key comes of what was sent, never of the shifted time."""
    event = {**VIEW, "id": "x"}
    (first,) = parse_batch(batch(event), RULES, NOW).events
    (late,) = parse_batch(batch(event, sent=NOW + 9), RULES, NOW + 30 * DAY).events
    assert first.key == late.key


def test_a_leave_that_comes_first_has_its_views_key() -> None:
    assert leave(time=NOW).key == view().key
    assert leave(view=ID.upper(), time=NOW).key == view().key


def test_a_leave_that_cannot_find_its_view_is_rejected() -> None:
    """The time bits of such a view's key are of its own time, unless that is odd."""
    other = {**LEAVE, "view": "x", "time": MOMENT + 1}
    assert parse(other).rejected == (Rejected(0, "bad-view"),)
    assert leave(view="x", time=5).key == view(id="x", time=9).key


def test_a_link_without_a_time_is_no_link() -> None:
    """The key of such a view holds its own time, which this event does not know."""
    assert view(**{"from": "x"}).from_key is None
    assert view(**{"from": "not an id"}).from_key is None
    assert custom(view="x").view_key is None


def test_visitors() -> None:
    assert view(visitor=VISITOR.upper()).visitor == VISITOR
    assert view(visitor=OTHER).visitor == OTHER
    assert view(visitor=None).visitor is None


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a\x00b\x1f\x7f\x85c", "ab c"),
        (" a\n\tb\u2028c ", "a b c"),
        ("\u202eabc\u2066\u200f", "abc"),
        ("a\ud800b\udfff", "ab"),
        ("\U0001f600" * 300, "\U0001f600" * 255),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("x" * 254 + " y", "x" * 254),
        ("Mail of ana@a.example", "Mail of [email]"),
        ("<b>{{ 7*7 }}</b>'; DROP", "<b>{{ 7*7 }}</b>'; DROP"),
    ],
)
def test_title(sent: str, stored: str) -> None:
    assert view(title=sent).title == stored
    assert leave(title=sent).title == stored


def test_a_lone_surrogate_is_json() -> None:
    body = batch(VIEW).replace(b'"type"', rb'"title": "x\ud800y", "type"')
    (event,) = parse_batch(body, RULES, NOW).events
    assert isinstance(event, View)
    assert event.title == "xy"


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("tz", -180.4, -180),
        ("tz", 10**30, 960),
        ("tz", -(10**30), -960),
        ("width", -1, None),
        ("width", 10**30, None),
        ("status", 42, None),
        ("status", 404.0, 404),
        ("lang", "<script>", None),
        ("kind", "teleport", "load"),
        ("referrer", "", None),
        ("referrer", "javascript:x", None),
        ("title", None, ""),
    ],
)
def test_fields_are_brought_into_bounds(name: str, sent: Any, stored: Any) -> None:
    assert getattr(view(**{name: sent}), name) == stored


@pytest.mark.parametrize(
    ("sent", "stored"), [(-1, 0), (5.4, 5), (10**30, None), (None, 0)]
)
def test_engaged_and_scroll_are_clamped(sent: Any, stored: int | None) -> None:
    assert leave(engaged=sent).engaged == (DAY if stored is None else stored)
    assert leave(scroll=sent).scroll == (100 if stored is None else stored)


def test_zone_and_dropped() -> None:
    assert parse(zone="Mars/<x>").zone is None
    assert parse(zone="x" * 65).zone is None
    assert parse(dropped=-5).dropped == 0
    assert parse(dropped=10**30).dropped == 1_000_000_000


def test_a_mark_is_cut_and_cleaned() -> None:
    assert view(**{"as": "x" * 500}).mark == "x" * 128
    assert view(**{"as": "a\x00b"}).mark == "ab"


def test_custom_event() -> None:
    event = custom(
        name="sign\x00up" + "x" * 100,
        props={"a\x00": "b\ud800\u202e", "n": 1.5, "t": True, "z": None, "é": "é"},
    )
    assert event.name == ("signup" + "x" * 100)[:64]
    assert event.props == '{"a":"b","n":1.5,"t":true,"z":null,"é":"é"}'


def body_2017(**fields: Any) -> bytes:
    body = {"title": "Home", "url": "https://a.example/", "datetime": NOW, **fields}
    present = {name: value for name, value in body.items() if value is not MISSING}
    return json.dumps(present).encode()


def view_2017(now: int = NOW, **fields: Any) -> View:
    return parse_2017_view(VISITOR.upper(), body_2017(**fields), RULES, now)


def test_2017_view() -> None:
    event = view_2017()
    assert event.visitor == VISITOR
    assert (event.host, event.path, event.title) == ("a.example", "/", "Home")
    assert event.time == NOW
    assert event.kind == "load"
    assert event.tz == 0
    assert event.key == stored_key(VISITOR, event.id, NOW)


def test_2017_id_is_made_of_visitor_url_and_datetime() -> None:
    other = parse_2017_view(OTHER, body_2017(), RULES, NOW)
    ids = {
        view_2017().id,
        view_2017(url="https://a.example/x").id,
        view_2017(datetime=NOW - 1).id,
        other.id,
    }
    assert len(ids) == 4
    assert view_2017().key == view_2017(now=NOW + DAY, title="Changed").key


@pytest.mark.parametrize(
    ("moment", "stored", "skewed"),
    [
        (NOW - DAY, NOW - DAY, False),
        (NOW - 8 * DAY, NOW - 8 * DAY, True),
        (NOW + 3000, NOW, False),
        (NOW + DAY, NOW, True),
        (-5, NOW, True),
        (10**40, NOW, True),
    ],
)
def test_2017_time(moment: int, stored: int, skewed: bool) -> None:
    event = view_2017(datetime=moment)
    assert (event.time, event.skewed) == (stored, skewed)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"datetime": MISSING}, "bad-datetime"),
        ({"datetime": None}, "bad-datetime"),
        ({"datetime": str(NOW)}, "bad-datetime"),
        ({"datetime": True}, "bad-datetime"),
        ({"url": MISSING}, "bad-url"),
        ({"url": 5}, "bad-url"),
        ({"url": "javascript:alert(1)"}, "bad-url"),
        ({"url": "https://b.example/"}, "foreign-page"),
        ({"url": "https://a.example/secret"}, "exempt"),
        ({"title": 5}, "bad-title"),
    ],
)
def test_2017_refusals(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        view_2017(**fields)

    assert (caught.value.status, caught.value.reason) == (400, reason)


def test_2017_visitor_and_body() -> None:
    with pytest.raises(RequestRefused, match="bad-visitor"):
        parse_2017_view("ana", body_2017(), RULES, NOW)

    with pytest.raises(RequestRefused, match="not-an-object"):
        parse_2017_view(VISITOR, b"[]", RULES, NOW)

    assert view_2017(title=MISSING).title == ""


def test_2017_fields_of_a_batch_are_of_no_account() -> None:
    event = view_2017(id="x", visitor=OTHER, kind=5)
    assert event.visitor == VISITOR
    assert event.id != "x"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("ana@a.example", "ana@a.example"),
        (" Ana@A.Example\n", "ana@a.example"),
        ("ana.b+c@mail.a.example", "ana.b+c@mail.a.example"),
        ("o'brien@a.example", "o'brien@a.example"),
        ("josé@bücher.example", "josé@bücher.example"),
        ("a@b.co", "a@b.co"),
        ("=cmd|x@a.example", "=cmd|x@a.example"),
    ],
)
def test_email(sent: str, stored: str) -> None:
    assert clean_email(sent) == stored
    assert parse_email(json.dumps({"email": sent}).encode()) == stored


@pytest.mark.parametrize(
    "sent",
    [
        None,
        5,
        True,
        [],
        "",
        " ",
        "ana",
        "ana@",
        "@a.example",
        "ana@example",
        "ana@a..example",
        "ana@.example",
        "ana@a.example.",
        "ana@-a.example",
        "ana@a-.example",
        "ana@a.123",
        "ana@@a.example",
        "ana@b@a.example",
        "an a@a.example",
        ".ana@a.example",
        "ana.@a.example",
        "a..b@a.example",
        "ana@a.example,bob@a.example",
        "ana@a.example\nbcc: bob@a.example",
        "Ana <ana@a.example>",
        "a\x00na@a.example",
        "a\u202ena@a.example",
        "a\ud800na@a.example",
        "ana@a.exam\x7fple",
        "x" * 250 + "@a.example",
        "ana@" + "a" * 64 + ".example",
    ],
)
def test_what_is_no_email(sent: Any) -> None:
    with pytest.raises(RequestRefused) as caught:
        parse_email(json.dumps({"email": sent}).encode())

    assert (caught.value.status, caught.value.reason) == (400, "bad-email")


def test_the_longest_email() -> None:
    longest = "x" * (254 - len("@a.example")) + "@a.example"
    assert clean_email(longest) == longest


def test_visitor_and_email() -> None:
    body = json.dumps({"visitor": VISITOR.upper(), "email": "Ana@a.example"}).encode()
    assert parse_visitor_email(body) == (VISITOR, "ana@a.example")

    with pytest.raises(RequestRefused, match="bad-visitor"):
        parse_visitor_email(b'{"email": "ana@a.example"}')

    with pytest.raises(RequestRefused, match="not-json"):
        parse_visitor_email(b"visitor=x")


@pytest.mark.parametrize(
    "value", [None, 5, "", VISITOR + "\n", VISITOR.replace("-", ""), f"{{{VISITOR}}}"]
)
def test_what_is_no_visitor(value: Any) -> None:
    with pytest.raises(RequestRefused, match="400 bad-visitor"):
        clean_visitor(value)


def test_masking_leaves_the_rest_alone() -> None:
    assert mask_emails("a@b, ana@a.example!") == "a@b, [email]!"
    assert mask_emails("x ana@a.example bob@b.example") == "x [email] [email]"
    assert mask_emails("follow @ana.example") == "follow @ana.example"
    assert mask_emails("40 days") == "40 days"


@pytest.mark.parametrize("text", ["a" * 60_000 + "@", "a@" * 30_000, "a.%40" * 12_000])
def test_masking_is_linear(text: str) -> None:
    started = time.perf_counter()
    mask_emails(text)
    clean_text(text, 255)
    assert time.perf_counter() - started < 5


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([VISITOR, ID, "https://a.example/", "view", NOW, 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = sorted({*VIEW, *LEAVE, *CUSTOM, *IDENTIFY, "title", "referrer", "from", "kind"})
NAMES += ["width", "lang", "status", "tz", "as", "engaged", "scroll", "props"]
ANY_EVENT = st.builds(
    lambda event, changes: {**event, **changes},
    st.sampled_from([VIEW, LEAVE, CUSTOM, IDENTIFY]),
    st.dictionaries(st.sampled_from(NAMES), ANY_JSON, max_size=3),
)
ANY_BATCH = st.builds(
    lambda events, changes: {"v": 1, "sent": NOW, "events": events, **changes},
    st.lists(ANY_EVENT | ANY_JSON, max_size=4),
    st.dictionaries(
        st.sampled_from(["v", "sent", "zone", "dropped", "webdriver", "fresh"]),
        ANY_JSON,
        max_size=1,
    ),
)


def check_batch(body: bytes) -> None:
    try:
        result = parse_batch(body, RULES, NOW)
    except RequestRefused as refused:
        assert refused.status in (400, 413)
        return

    for event in result.events:
        assert len(event.key) == 16
        assert 0 <= event.time <= NOW
        repr(event).encode()


@given(st.binary())
def test_no_bytes_break_the_parser(body: bytes) -> None:
    check_batch(body)


@settings(max_examples=300)
@given(ANY_BATCH | ANY_JSON)
def test_no_json_breaks_the_parser(data: Any) -> None:
    check_batch(json.dumps(data).encode())


@settings(max_examples=300)
@given(ANY_BATCH, st.data())
def test_no_damage_breaks_the_parser(data: Any, draw: st.DataObject) -> None:
    body = bytearray(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
    place = draw.draw(st.integers(0, len(body) - 1))
    body[place] = draw.draw(st.integers(0, 255))
    check_batch(bytes(body))


@given(ANY_JSON)
def test_no_json_breaks_the_other_parsers(data: Any) -> None:
    body = json.dumps(data).encode()

    for parse_it in (
        parse_email,
        parse_visitor_email,
        lambda body: parse_2017_view(VISITOR, body, RULES, NOW),
    ):
        with pytest.raises(RequestRefused):
            parse_it(body)
