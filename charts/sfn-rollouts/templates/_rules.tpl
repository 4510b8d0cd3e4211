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

{{- define "sfn-rollouts.clusterRules" -}}
- apiGroups: [sfnrollouts.dev]
  resources: [awsaccesses]
  verbs: [list, watch] # who may move what; in no namespace, like namespaces themselves
- apiGroups: [sfnrollouts.dev]
  resources: [awsaccesses/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch] # their names and labels, which an AWSAccess selects by
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [stepfunctionrollouts.sfnrollouts.dev, awsaccesses.sfnrollouts.dev]
  verbs: [get] # at start: are the CRDs there, and new enough
{{- end -}}
