-- Leaves of Lua 5.1 what Argo CD leaves to a script: the base, package and table libraries, and `require("os")` with
-- time and date. No string (so no methods on strings), no math, no io, no coroutine, no debug.
local allowed = {
  "assert", "collectgarbage", "dofile", "error", "getfenv", "getmetatable", "ipairs", "load", "loadfile", "loadstring",
  "module", "newproxy", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawset", "require", "select",
  "setfenv", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall", "_G", "_VERSION", "package", "table",
}

return function(now_s)
  local os = { time = function() return now_s end, date = function() return "" end }
  for name in pairs(package.loaded) do package.loaded[name] = nil end
  package.path, package.cpath, package.preload.os = "", "", function() return os end
  table.time, table.date = os.time, os.date -- upstream registers them there, and leaves no global `os`
  getmetatable("").__index = nil

  local is_allowed = {}
  for _, name in ipairs(allowed) do is_allowed[name] = true end
  for name in next, _G do
    if not is_allowed[name] then _G[name] = nil end
  end
end
