-- For wrk: wait before each request, on average for as many milliseconds as are given after `--`.
function init(arguments)
    longest = 2 * tonumber(arguments[1])
end

function delay()
    return math.random(0, longest)
end
