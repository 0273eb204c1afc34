"""What Redis does in one step, as Lua."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import redis

from .wire import Wire
from .wire import bulk


class Script:
    """A Lua script and the hash that Redis knows it by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.by_hash = bulk(b"EVALSHA", self.sha.encode())
        self.by_text = bulk(b"EVAL", text.encode())


def run_script(client: Any, script: Script, keys: Sequence[str], *values: Any) -> Any:
    """Run a script in one round trip once Redis knows it."""
    arguments = (len(keys), *keys, *values)

    try:
        return client.execute_command("EVALSHA", script.sha, *arguments)
    except redis.exceptions.NoScriptError:
        return client.execute_command("EVAL", script.text, *arguments)


def send_script(
    wire: Wire, script: Script, keys: Sequence[bytes], values: Sequence[bytes]
) -> Any:
    """The same over a wire; ``keys`` are given as :func:`bulk` packs them."""
    head = b"*%d\r\n" % (3 + len(keys) + len(values))
    tail = b"".join((bulk(b"%d" % len(keys)), *keys, bulk(*values)))

    try:
        return wire.call(head + script.by_hash + tail)
    except redis.exceptions.NoScriptError:
        return wire.call(head + script.by_text + tail)


FULL = 0
FOREIGN = -1
# After XADD the entry is safe, so nothing may fail any more. How many events it brings
# is kept with it where it is not one, as it mostly is.
ADD = Script("""
local gone = {}
for at = 7, #ARGV do
  if redis.call('SISMEMBER', KEYS[3], ARGV[at]) == 1 then
    gone[#gone + 1] = ARGV[at]
  end
end
if #gone > 0 then return gone end
local site = redis.call('GET', KEYS[2])
if ARGV[1] ~= '' and site ~= ARGV[1] then
  if site then return -1 end
  redis.call('SET', KEYS[2], ARGV[1])
end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
if ARGV[6] == '1' then
  redis.call('XADD', KEYS[1], '*', 'd', ARGV[3])
else
  redis.call('XADD', KEYS[1], '*', 'd', ARGV[3], 'n', ARGV[6])
end
redis.pcall('HINCRBY', KEYS[4], 'accepted', ARGV[6])
if KEYS[5] then redis.pcall('SET', KEYS[5], ARGV[4], 'NX', 'PX', ARGV[5]) end
return 1
""")
# What another worker acknowledged meanwhile, it has counted, too.
ACKNOWLEDGE = Script("""
local pairs_end = 3 + 2 * tonumber(ARGV[3])
local total = #ARGV - pairs_end
local acknowledged = 0
for first = pairs_end + 1, #ARGV, 1000 do
  local last = math.min(first + 999, #ARGV)
  acknowledged = acknowledged
    + redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, first, last))
  redis.call('XDEL', KEYS[1], unpack(ARGV, first, last))
end
if acknowledged == 0 then return 0 end
for at = 4, pairs_end, 2 do
  local share = math.floor(tonumber(ARGV[at + 1]) * acknowledged / total + 0.5)
  redis.call('HINCRBY', KEYS[2], ARGV[at], share)
end
redis.call('HSET', KEYS[2], 'last-drain', ARGV[2])
return acknowledged
""")
RENEW = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")
DROP = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
""")
RETIRE = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local held = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if #held > 0 then return 0 end
return redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
""")
