-- What browsers send: wrk -s load.lua URL -- KIND VIEWS COOKIE PAUSE
-- KIND is view, bad (no JSON), foreign (another site's) or page (a GET). Each connection
-- pauses for PAUSE milliseconds on average. The last line printed is requests,
-- microseconds, answers that are errors, failed connections, p50 and p99.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

local template = '{"type":"view","id":"%s","visitor":"%s","time":%d,"tz":-180,'
   .. '"url":"http://127.0.0.1:%d/articles/%d?utm_source=letter&page=2",'
   .. '"title":"Article number %d of the example","referrer":'
   .. '"https://www.example.org/search?q=articles","kind":"load","width":1280,'
   .. '"lang":"pt-BR"}'

function init(args)
   kind, views, session = args[1], tonumber(args[2]), args[3]
   local pause = tonumber(args[4])

   if session == "-" then
      session = nil
   end

   if pause then
      delay = function() return math.floor(pause * (0.5 + math.random()) + 0.5) end
   end

   local seed = os.time() + number * 7919
   math.randomseed(seed)
   port = tonumber(wrk.port)
   visitors = {}

   for at = 1, 300 do
      visitors[at] = uuid(4)
   end

   base = {
      ["Host"] = "127.0.0.1:" .. port,
      ["Content-Type"] = "text/plain;charset=UTF-8",
      ["Origin"] = kind == "foreign" and "http://other.example"
         or "http://127.0.0.1:" .. port,
      ["Referer"] = "http://127.0.0.1:" .. port .. "/articles/7",
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
         .. " (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
      ["Accept"] = "*/*",
      ["Accept-Encoding"] = "gzip, deflate, br, zstd",
      ["Accept-Language"] = "pt-BR,pt;q=0.9,en;q=0.8",
      ["Sec-Fetch-Site"] = kind == "foreign" and "cross-site" or "same-origin",
      ["Sec-Fetch-Mode"] = "cors",
      ["Sec-Fetch-Dest"] = "empty",
   }
end

function uuid(version)
   local high, low = 0, 0

   if version == 7 then
      local now = os.time() * 1000 + math.random(0, 999)
      high, low = math.floor(now / 65536), now % 65536
   else
      high, low = math.random(0, 2 ^ 31), math.random(0, 65535)
   end

   return string.format("%08x-%04x-%d%03x-%04x-%06x%06x", high, low, version,
      math.random(0, 4095), math.random(32768, 49151),
      math.random(0, 16777215), math.random(0, 16777215))
end

function request()
   if kind == "page" then
      return wrk.format("GET", nil, base)
   end

   local visitor = visitors[math.random(#visitors)]
   local now = os.time() * 1000
   local events = {}

   for at = 1, views do
      local page = math.random(200)
      events[at] = template:format(uuid(7), visitor, now, port, page, page)
   end

   local body = '{"v":1,"sent":' .. now .. ',"zone":"America/Sao_Paulo","dropped":0,'
      .. '"webdriver":false,"fresh":false,"events":[' .. table.concat(events, ",")
      .. "]}"

   if kind == "bad" then
      body = body:sub(1, -3)
   end

   base["Cookie"] = "unt=" .. visitor .. (session and "; session=" .. session or "")
   return wrk.format("POST", nil, base, body)
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format("\n%d %d %d %d %d %d\n", summary.requests, summary.duration,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
