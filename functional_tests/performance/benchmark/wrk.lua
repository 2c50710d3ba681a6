-- Sends the requests of a file that wrk.py wrote. Its records end with 0x1e: first the order in which to send the
-- others (numbers from 1), then the requests. 0x1f in a request becomes a number that no other request of the run has.
local parts, order, run, count = {}, {}, "", 0

local function split(text, separator)
  local pieces = {}
  for piece in (text .. separator):gmatch("([^" .. separator .. "]*)" .. separator) do
    pieces[#pieces + 1] = piece
  end
  return pieces
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local records = split(file:read("*a"), "\30")
  file:close()
  run = args[2]
  for number in records[1]:gmatch("%d+") do
    order[#order + 1] = tonumber(number)
  end
  for index = 2, #records - 1 do
    parts[index - 1] = split(records[index], "\31")
  end
end

function request()
  local chosen = parts[order[count % #order + 1]]
  count = count + 1
  return table.concat(chosen, string.format("%s%08d", run, count))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d, ' ..
    '"refused": %d, "lost": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
