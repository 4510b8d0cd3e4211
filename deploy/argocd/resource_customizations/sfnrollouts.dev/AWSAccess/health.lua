-- An AWSAccess is healthy when its role can be assumed and the state machines are of its account: Ready.
local waiting = { status = "Progressing", message = "Waiting for the operator to see this generation" }

local status = obj.status
-- A verdict on the generation before would let rollouts follow that it does not hold for.
if status == nil or tonumber(status.observedGeneration) ~= tonumber(obj.metadata.generation) then
  return waiting
end

local health_of_ready = { True = "Healthy", False = "Degraded", Unknown = "Progressing" }
local passes_by_itself = "RetryingAWS"
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    local health = health_of_ready[condition.status] or "Progressing"
    if health == "Degraded" and condition.reason == passes_by_itself then
      health = "Progressing"
    end
    return { status = health, message = condition.message or "" }
  end
end
return waiting
