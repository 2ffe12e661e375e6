-- What Argo CD makes of Tenantry's objects; docs/install.md says why. These reasons go away when something else changes:
local waiting = {
  Terminating = true, NoTenant = true, HomeRefused = true, HomeChanged = true, InvitationOver = true,
  DependencyNotFound = true, DependencyInvalid = true, ObjectPublic = true, ModuleNotEnabled = true,
}
local conditions = {}
if obj.status ~= nil and obj.status.observedGeneration == obj.metadata.generation then
  for _, condition in ipairs(obj.status.conditions or {}) do
    conditions[condition.type] = condition
  end
end
local ready, complete = conditions.Ready, conditions.Complete
if ready == nil then
  return {status = "Progressing", message = "the controller has not seen it yet"}
end
if ready.status == "True" then
  local message = ready.reason
  if complete ~= nil and complete.status == "False" then
    message = message .. ", but incomplete: " .. complete.reason .. ": " .. (complete.message or "")
  end
  return {status = "Healthy", message = message}
end
local status = "Degraded"
if waiting[ready.reason] and conditions.Stalled == nil then
  status = "Progressing"
end
return {status = status, message = ready.reason .. ": " .. (ready.message or "")}
