-- Sends the requests of a file in turn, each thread its share of them. A line is: method, path, version, body. What changes
-- something is sent under a key of its own each time, as officers and programs send it: an identifier of now, counted on. By itself it
-- would be taken for a uuid when its statement is replayed.
local threads, sent = 0, 0
local KEY = "bench-00000000-0000-7000-8000-000000000000"

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
    all = all or {}
    table.insert(all, thread)
end

function init(arguments)
    requests, at = {}, 0
    since = os.time() * 1000
    local line = 0
    for text in io.lines(arguments[1]) do
        if line % tonumber(arguments[2]) == number then
            local method, path, version, body = text:match("^(.-)\t(.-)\t(.-)\t(.*)$")
            local headers = { ["Content-Type"] = body ~= "" and "application/json" or nil }
            for name, value in pairs(wrk.headers) do headers[name] = value end
            if version ~= "" then headers["If-Match"] = '"' .. version .. '"' end
            if method ~= "GET" then headers["Idempotency-Key"] = KEY end
            local whole = wrk.format(method, path, headers, body ~= "" and body or nil)
            local from, to = whole:find(KEY, 1, true)
            table.insert(requests, from and { whole:sub(1, from - 1), whole:sub(to + 1) } or whole)
        end
        line = line + 1
    end
end

function nth(at)
    local found = requests[at]
    if type(found) ~= "table" then return found end
    sent = sent + 1
    local key = ("bench-%08x-%04x-7%03x-8000-%012x"):format(math.floor(since / 65536), since % 65536, number, sent)
    return found[1] .. key .. found[2]
end

function request()
    at = at % #requests + 1
    return nth(at)
end

function done(summary, latency)
    local errors = summary.errors
    io.write(('\n{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"bytes":%d,"refused":%d,"lost":%d}\n'):format(
        summary.requests, taken and taken() or summary.duration / 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, summary.bytes, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
