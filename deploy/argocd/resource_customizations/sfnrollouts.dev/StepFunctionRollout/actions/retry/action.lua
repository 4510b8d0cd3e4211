-- The operator acts once on each id, only on this object, and only while this generation (for promote: this step) stands.
local os = require("os")
local metadata = obj.metadata
local id = "argocd-" .. os.time() .. "-" .. metadata.resourceVersion
local uid = ""
if metadata.uid ~= nil then
  uid = ',"uid":"' .. metadata.uid .. '"'
end
local step = ""
if obj.status ~= nil and obj.status.stepIndex ~= nil then
  step = ',"step":' .. obj.status.stepIndex
end
if metadata.annotations == nil then
  metadata.annotations = {}
end
metadata.annotations["sfnrollouts.dev/command"] = '{"id":"' .. id .. '","action":"retry","generation":'
  .. metadata.generation .. uid .. step .. ',"by":"argocd"}'
return obj
