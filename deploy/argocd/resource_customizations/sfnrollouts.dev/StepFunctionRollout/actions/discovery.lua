-- Offers what the operator would carry out now; the rest is shown, but disabled.
local status = obj.status or {}
local is_seen = tonumber(status.observedGeneration) == tonumber(obj.metadata.generation)

-- Where the operator listens to no command: it holds back for an older resource, cannot read the spec, or cannot reach
-- the state machine. In flight, with another phase, it listens all the same.
local is_deaf = obj.metadata.deletionTimestamp ~= nil
local is_blocked = status.startedAt == nil and (status.preflight or {}).verdict == "Failed"
for _, condition in ipairs(status.conditions or {}) do
  local is_closed = condition.reason == "InvalidSpec" or condition.reason == "ForeignAccount"
    or condition.reason == "UnknownRegion"
  if condition.reason == "AliasConflict" or (is_closed and status.phase == "Failed") then
    is_deaf = true
  end
end

local has_ended = status.finishedAt ~= nil
local is_single_write = status.shortcut == "NewAlias" or status.shortcut == "Reassert"
-- Neither ended nor on the way back: it waits to begin, or is in flight.
local is_open = not is_deaf and not has_ended and status.trip == nil and not is_single_write
local is_in_flight = is_open and status.startedAt ~= nil
local is_waiting = is_open and is_seen

local is_paused_in_git = obj.spec.paused == true
local is_paused_by_command = status.pauseCommand ~= nil
local can_promote = is_waiting and is_in_flight and not is_paused_in_git and not is_paused_by_command

local actions = {}
local function offer(name, display_name, icon, is_enabled)
  actions[name] = { displayName = display_name, iconClass = "fa fa-fw fa-" .. icon, disabled = not is_enabled }
end

offer("promote", "Promote: end the current wait", "forward", can_promote)
offer("promote-full", "Promote to 100 %, then bake", "fast-forward",
  can_promote and status.phase ~= "Baking" and status.shortcut == nil)
offer("pause", "Pause: hold the next step", "pause",
  is_waiting and not is_paused_in_git and not is_paused_by_command)
offer("resume", "Resume: undo a pause by command", "play",
  is_waiting and is_paused_by_command and not is_paused_in_git)
offer("abort", "Abort: back to the stable version", "undo", is_waiting or is_in_flight)
local went_back = has_ended and (status.phase == "RolledBack" or status.phase == "Failed")
offer("retry", "Retry the version that went back", "redo",
  is_seen and not is_deaf and (went_back or (not has_ended and is_blocked)))

return actions
