"""From the bytes of a request to typed, cleaned events, or a reason why not."""

from __future__ import annotations

from ..cleaning import clean_email
from ..cleaning import clean_text
from ..cleaning import clean_visitor
from ..cleaning import mask_emails
from .batch import Batch
from .batch import Rejected
from .batch import parse_2017_view
from .batch import parse_batch
from .batch import parse_email
from .batch import parse_visitor_email
from .entries import ENTRY_VERSION
from .entries import decode_entry
from .entries import encode_entry
from .keys import forgotten_hash
from .keys import forgotten_name_hashes
from .keys import stored_key
from .kinds import Custom
from .kinds import Entry
from .kinds import Event
from .kinds import Identify
from .kinds import Identity
from .kinds import Leave
from .kinds import Proof
from .kinds import Tracked
from .kinds import View
from .marks import acting_mark_of
from .marks import is_acting_mark_of
from .marks import is_mark_of
from .marks import mark_of
from .payloads import data_payload
from .payloads import event_payload
from .payloads import payload_entry
from .payloads import payload_event
from .reading import Rules
from .senders import last_made
from .senders import made_fresh
from .senders import sole_visitor
from .tracking import make_tracked

__all__ = [
    "ENTRY_VERSION",
    "Batch",
    "Custom",
    "Entry",
    "Event",
    "Identify",
    "Identity",
    "Leave",
    "Proof",
    "Rejected",
    "Rules",
    "Tracked",
    "View",
    "acting_mark_of",
    "clean_email",
    "clean_text",
    "clean_visitor",
    "data_payload",
    "decode_entry",
    "encode_entry",
    "event_payload",
    "forgotten_hash",
    "forgotten_name_hashes",
    "is_acting_mark_of",
    "is_mark_of",
    "last_made",
    "made_fresh",
    "make_tracked",
    "mark_of",
    "mask_emails",
    "parse_2017_view",
    "parse_batch",
    "parse_email",
    "parse_visitor_email",
    "payload_entry",
    "payload_event",
    "sole_visitor",
    "stored_key",
]
