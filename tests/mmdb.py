"""Writes a MaxMind DB file of a few IPv4 networks, by the format's specification."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"


class U16(int):
    """A number of the format's type 5."""


class U32(int):
    """A number of the format's type 6."""


class U64(int):
    """A number of the format's type 9."""


def write_mmdb(path: Path, networks: Mapping[str, Any]) -> None:
    """A file that gives for each network what is said of it."""
    tree, data = [[None, None]], b""

    for network, what in networks.items():
        parsed = ipaddress.ip_network(network)
        bits = f"{int(parsed.network_address):032b}"[: parsed.prefixlen]
        node = 0

        for bit in bits[:-1]:
            if tree[node][int(bit)] is None:
                tree.append([None, None])
                tree[node][int(bit)] = ("node", len(tree) - 1)

            node = tree[node][int(bit)][1]

        tree[node][int(bits[-1])] = ("data", len(data))
        data += pack(what)

    count = len(tree)
    records = b"".join(record(one, count) for node in tree for one in node)
    about = {
        "binary_format_major_version": U16(2),
        "binary_format_minor_version": U16(0),
        "build_epoch": U64(1_700_000_000),
        "database_type": "Test-Country",
        "description": {"en": "Test"},
        "ip_version": U16(4),
        "languages": [],
        "node_count": U32(count),
        "record_size": U16(24),
    }
    path.write_bytes(records + bytes(16) + data + MARKER + pack(about))


def record(one: Any, count: int) -> bytes:
    if one is None:
        value = count
    else:
        value = one[1] if one[0] == "node" else count + 16 + one[1]

    return int(value).to_bytes(3, "big")


def pack(value: Any) -> bytes:
    if isinstance(value, dict):
        inside = b"".join(pack(name) + pack(one) for name, one in value.items())
        return bytes([7 << 5 | len(value)]) + inside

    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(pack, value))

    if isinstance(value, str):
        return bytes([2 << 5 | len(value.encode())]) + value.encode()

    size = (value.bit_length() + 7) // 8
    digits = int(value).to_bytes(size, "big")

    if isinstance(value, U64):
        return bytes([size, 9 - 7]) + digits

    return bytes([(5 if isinstance(value, U16) else 6) << 5 | size]) + digits
