-- Sends the requests of a file in turn, each thread its share of them. A line is: method, path, version, body.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
    all = all or {}
    table.insert(all, thread)
end

function init(arguments)
    requests, at = {}, 0
    local line = 0
    for text in io.lines(arguments[1]) do
        if line % tonumber(arguments[2]) == number then
            local method, path, version, body = text:match("^(.-)\t(.-)\t(.-)\t(.*)$")
            local headers = { ["Content-Type"] = body ~= "" and "application/json" or nil }
            for name, value in pairs(wrk.headers) do headers[name] = value end
            if version ~= "" then headers["If-Match"] = '"' .. version .. '"' end
            table.insert(requests, wrk.format(method, path, headers, body ~= "" and body or nil))
        end
        line = line + 1
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(('\n{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"bytes":%d,"refused":%d,"lost":%d}\n'):format(
        summary.requests, taken and taken() or summary.duration / 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, summary.bytes, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
