{{/* The operator's rights; tests compare them with deploy/base and with the API server's audit log. */}}

{{- define "sfn-rollouts.rules" -}}
- apiGroups: [sfnrollouts.dev]
  resources: [stepfunctionrollouts]
  verbs: [get, list, watch, patch] # patch: its finalizer while a rollout is in flight, never the spec
- apiGroups: [sfnrollouts.dev]
  resources: [stepfunctionrollouts/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "sfn-rollouts.crdRule" -}}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [stepfunctionrollouts.sfnrollouts.dev]
  verbs: [get] # at start: is the CRD there, and new enough
{{- end -}}
