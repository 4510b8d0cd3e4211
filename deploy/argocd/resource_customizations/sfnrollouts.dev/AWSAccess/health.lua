-- An AWSAccess is healthy when its role can be assumed, which the operator tries by itself again and again: Ready.
local waiting = { status = "Progressing", message = "Waiting for the operator to see this generation" }

local status = obj.status
-- A verdict on the generation before would let rollouts follow that it does not hold for.
if status == nil or tonumber(status.observedGeneration) ~= tonumber(obj.metadata.generation) then
  return waiting
end

local health_of_ready = { True = "Healthy", False = "Degraded", Unknown = "Progressing" }
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    return { status = health_of_ready[condition.status] or "Progressing", message = condition.message or "" }
  end
end
return waiting
