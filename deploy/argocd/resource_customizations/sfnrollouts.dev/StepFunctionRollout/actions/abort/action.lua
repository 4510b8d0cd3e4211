-- The operator acts once on each id, and only while this generation (for promote: this step) still stands.
local os = require("os")
local metadata = obj.metadata
local id = "argocd-" .. os.time() .. "-" .. metadata.resourceVersion
local step = ""
if obj.status ~= nil and obj.status.stepIndex ~= nil then
  step = ',"step":' .. obj.status.stepIndex
end
if metadata.annotations == nil then
  metadata.annotations = {}
end
metadata.annotations["sfnrollouts.dev/command"] = '{"id":"' .. id .. '","action":"abort","generation":'
  .. metadata.generation .. step .. ',"by":"argocd"}'
return obj
