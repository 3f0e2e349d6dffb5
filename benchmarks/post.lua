-- For wrk: POST the second argument after `--`, with each {n} in it counted up from the first.
function init(arguments)
    count, body = tonumber(arguments[1]), arguments[2] or ""
    wrk.method = "POST"
end

function request()
    count = count + 1
    return wrk.format(nil, nil, nil, (body:gsub("{n}", string.format("%d", count))))
end
