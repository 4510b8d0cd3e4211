-- The StepFunctionRollout CRD follows kstatus: status.observedGeneration, and the conditions Ready, Reconciling and
-- Stalled. The phase says the same in one word, and separates a pause from progress.
local health_of_phase = {
  Pending = "Progressing",
  Progressing = "Progressing",
  Paused = "Suspended",
  Baking = "Progressing",
  RollingBack = "Progressing",
  Succeeded = "Healthy",
  RolledBack = "Degraded",
  Failed = "Degraded",
}

local function is_true(conditions, kind)
  for _, condition in ipairs(conditions or {}) do
    if condition.type == kind then
      return condition.status == "True"
    end
  end
  return false
end

local status = obj.status
-- A verdict on the generation before would end a sync that has not begun.
if status == nil or tonumber(status.observedGeneration) ~= tonumber(obj.metadata.generation) then
  return { status = "Progressing", message = "Waiting for the operator to see this generation" }
end

local health = { status = health_of_phase[status.phase], message = status.message or "" }
if is_true(status.conditions, "Stalled") then
  health.status = "Degraded"
elseif health.status == nil then
  -- A phase that this script does not know yet.
  health.status = is_true(status.conditions, "Ready") and "Healthy" or "Progressing"
end
return health
