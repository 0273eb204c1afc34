from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Identify
from flask_unt.events import Identity
from flask_unt.events import Leave
from flask_unt.events import Proof
from flask_unt.events import Tracked
from flask_unt.events import View
from flask_unt.events import data_payload
from flask_unt.events import decode_entry
from flask_unt.events import encode_entry
from flask_unt.events import event_payload
from flask_unt.events import payload_entry
from flask_unt.events import payload_event

KEY = st.binary(min_size=16, max_size=16)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MAYBE_TEXT = st.none() | TEXT
VISITOR = st.uuids().map(str)
TIME = st.integers(0, 2**53)
WHOLE = st.integers(0, 100_000)
VIEWS = st.builds(
    View,
    key=KEY,
    id=TEXT,
    visitor=st.none() | VISITOR,
    time=TIME,
    tz=st.integers(-960, 960),
    host=TEXT,
    path=TEXT,
    title=TEXT,
    referrer=MAYBE_TEXT,
    campaign=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
    from_key=st.none() | KEY,
    kind=TEXT,
    width=st.none() | WHOLE,
    lang=MAYBE_TEXT,
    status=st.none() | WHOLE,
    skewed=st.booleans(),
    mark=MAYBE_TEXT,
)
LEAVES = st.builds(Leave, KEY, st.none() | VISITOR, TIME, WHOLE, WHOLE, MAYBE_TEXT)
CUSTOMS = st.builds(
    Custom,
    KEY,
    TEXT,
    st.none() | VISITOR,
    TIME,
    WHOLE,
    st.none() | KEY,
    TEXT,
    TEXT,
    st.booleans(),
    MAYBE_TEXT,
)
TRACKED = st.builds(
    Tracked,
    KEY,
    TEXT,
    st.none() | VISITOR,
    TIME,
    WHOLE,
    st.none(),
    TEXT,
    TEXT,
    st.just(False),
    st.none(),
    MAYBE_TEXT,
    MAYBE_TEXT,
    MAYBE_TEXT,
)
PROOFS = st.builds(Proof, KEY, TEXT, VISITOR, TIME, MAYBE_TEXT, MAYBE_TEXT)
IDENTIFIES = st.builds(Identify, KEY, TEXT, VISITOR, TIME, TEXT)
EVENTS = VIEWS | LEAVES | CUSTOMS | TRACKED | IDENTIFIES | PROOFS
USERS = st.none() | st.builds(Identity, MAYBE_TEXT, MAYBE_TEXT, MAYBE_TEXT)
ENTRIES = st.builds(
    Entry,
    received=TIME,
    agent=TEXT,
    zone=MAYBE_TEXT,
    webdriver=st.booleans(),
    user=USERS,
    events=st.lists(EVENTS, max_size=5).map(tuple),
    fresh=st.booleans(),
    asked=st.booleans(),
    cookie=st.none() | st.uuids().map(str),
    team=st.none() | st.booleans(),
    impersonator=USERS,
    country=st.sampled_from((None, "BR", "PT")),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
LEAVE = Leave(b"0123456789abcdef", None, 5, 8200, 75, None)


@given(ENTRIES)
def test_an_entry_is_read_as_it_was_written(entry: Entry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


def test_an_entry_of_the_release_before_is_read() -> None:
    leave = json.dumps(["leave", LEAVE.key.hex(), None, 5, 8200, 75, None])
    before = f'[1,9,"a","UTC",true,["a@b.cc",null,null],true,true,null,[{leave}]]'
    user = Identity("a@b.cc", None, None)
    assert decode_entry(before.encode()) == Entry(
        9, "a", "UTC", True, user, (LEAVE,), fresh=True, asked=True
    )


@given(EVENTS)
def test_a_set_aside_event_is_read_as_it_was_written(event: Event) -> None:
    assert payload_event(event_payload(event)) == event


@given(EVENTS, ENTRIES)
def test_a_set_aside_event_becomes_an_entry_again(event: Event, entry: Entry) -> None:
    again = payload_entry(event_payload(event, entry), "agent")
    who = {"user": entry.user, "impersonator": entry.impersonator}
    assert again == Entry(entry.received, "agent", None, False, events=(event,), **who)
    assert payload_entry(event_payload(event), "agent").received == event.time


@given(st.binary() | JSON.map(lambda data: json.dumps(data).encode()))
def test_what_is_no_entry_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_entry(data)


@given(st.text() | JSON.map(json.dumps))
def test_what_is_no_payload_is_a_value_error(payload: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        payload_event(payload)


@given(place=st.integers(0, 11), value=JSON)
def test_an_entry_of_wrong_types_is_a_value_error_or_an_entry(
    place: int, value: Any
) -> None:
    """Whatever is read can be written again: no type slips through to the database."""
    data = json.loads(encode_entry(Entry(1, "", None, False, None, (LEAVE,))))
    data[place] = value

    try:
        entry = decode_entry(json.dumps(data).encode())
    except ValueError:
        return

    assert decode_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 5000,
        b"[1]",
        b'[3,1,"",null,false,null,false,false,null,null,null,[]]',
        b'[2,1,"",null,false,null,false,false,null,[]]',
        b'[2,1,"",null,false,null,false,false,null,0,null,null,[]]',
        b'[2,1,"",null,false,null,false,false,null,null,"ana",null,[]]',
        b'[2,1,"",null,false,null,false,false,null,null,null,"pt",[]]',
        b'[2,1,"",null,false,null,false,false,null,null,null,7,[]]',
        b'[1,1,"",null,false,null,false,false,null,null,null,[]]',
        b'[true,1,"",null,false,null,false,false,null,[]]',
        b'[1,"1","",null,false,null,false,false,null,[]]',
        b'[1,1.5,"",null,false,null,false,false,null,[]]',
        b'[1,true,"",null,false,null,false,false,null,[]]',
        b'[1,1,"",null,0,null,false,false,null,[]]',
        b'[1,1,"",null,false,"ana",false,false,null,[]]',
        b'[1,1,"",null,false,null,false,false,null,{}]',
        b'[1,1,"",null,false,null,false,0,null,[]]',
        b'[1,1,"",null,false,null,false,false,"ana",[]]',
        b'[1,1,"",null,false,null,false,false,null,[{"leave":1}]]',
        b'[1,1,"",null,false,null,false,false,null,[["leave"]]]',
        b'[1,1,"",null,false,null,false,false,null,[["other",1]]]',
        b'[1,1,"",null,false,null,false,false,null,[["leave","00",null,0,0,0,null]]]',
        b'[1,1,"",null,false,null,false,false,null,[[[],"00",null,0,0,0,null]]]',
    ],
)
def test_bad_entries(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_entry(data)


def test_another_release_is_named() -> None:
    with pytest.raises(ValueError, match="version 3"):
        decode_entry(b'[3,1,"",null,false,null,false,false,null,null,null,[]]')


def test_a_lone_surrogate_is_written_as_a_question_mark() -> None:
    """The site's own identify() may return anything."""
    user = Identity(None, "ana\ud800", None)
    data = encode_entry(Entry(1, "", None, False, user, ()))
    assert decode_entry(data).user == Identity(None, "ana?", None)


@given(st.binary())
def test_data_that_is_no_entry_is_kept_as_text(data: bytes) -> None:
    assert "\0" not in data_payload(data)
    assert bool(data_payload(data).encode()) == bool(data)


@pytest.mark.parametrize("end", ["", ",null", ',null,false,null,false,["x"]]'])
def test_data_that_is_no_entry_is_kept_without_its_user_agent(end: str) -> None:
    for start in ("[1,5,", '["\\"x", 1.5 , '):
        text = f'{start}"Mozilla \\" ü"{end}'
        assert data_payload(text.encode()) == f'{start}""{end}'
        assert data_payload(text[: len(start) + 5].encode()) == f'{start}""'


@pytest.mark.parametrize(
    "changes", [{"received": "5"}, {"received": True}, {"user": 5}, {"user": {"id": 5}}]
)
def test_an_odd_arrival_is_a_value_error(changes: dict[str, Any]) -> None:
    payload = json.dumps({**json.loads(event_payload(LEAVE)), **changes})

    with pytest.raises(ValueError, match="not a set-aside event"):
        payload_entry(payload, "")


def test_a_lone_surrogate_is_harmless_in_a_payload() -> None:
    event = Leave(LEAVE.key, None, 5, 0, 0, "a\ud800")
    assert '"title":"a?"' in event_payload(event)


def test_a_payload_names_its_fields() -> None:
    assert json.loads(event_payload(LEAVE)) == {
        "type": "leave",
        "key": LEAVE.key.hex(),
        "visitor": None,
        "time": 5,
        "engaged": 8200,
        "scroll": 75,
        "title": None,
    }


def test_a_view_of_ordinary_size_takes_about_300_bytes() -> None:
    view = View(
        key=b"0123456789abcdef",
        id="01a0c450-6818-7777-8888-99990000aaaa",
        visitor="5b0ceb4d-07d5-4ac2-9a93-0fd4d7f4a2f0",
        time=1789999999000,
        tz=-180,
        host="www.example.org",
        path="/products/coffee",
        title="Coffee",
        referrer="https://www.example.org/",
        campaign=(),
        from_key=None,
        kind="load",
        width=390,
        lang="pt-BR",
        status=None,
        skewed=False,
        mark=None,
    )
    entry = Entry(1789999999500, "", "America/Sao_Paulo", False, None, (view,))
    assert len(encode_entry(entry)) < 350
