
-- Each request once: whoever has sent all of theirs waits for the end, and the clock stops with the last answer.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long micro; } moment; int gettimeofday(moment *, void *);")

local function now()
    local moment = ffi.new("moment")
    ffi.C.gettimeofday(moment, nil)
    return tonumber(moment.seconds) + tonumber(moment.micro) / 1e6
end

function request()
    began = began or now()
    at = at + 1
    -- wrk has one made now and then that it does not send: who comes last then finds none left.
    return nth(at) or wrk.format("GET", "/health/live")
end

local claimed = 0

-- Asked before each request: other connections ask in between.
function delay()
    claimed = claimed + 1
    return claimed > #requests and 3600000 or 0
end

function response()
    ended = now()
end

function taken()
    local first, last = math.huge, 0
    for _, thread in ipairs(all) do
        first = math.min(first, thread:get("began") or math.huge)
        last = math.max(last, thread:get("ended") or 0)
    end
    return last - first
end
