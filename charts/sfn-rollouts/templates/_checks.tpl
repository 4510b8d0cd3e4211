{{/* What the schema cannot say, because it is about two values at once or about the cluster. */}}

{{- define "sfn-rollouts.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail (printf "replicas is %d, but leaderElection.enabled is false, and two operators must never work at once: set replicas to 1, or leaderElection.enabled to true" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create is false, but serviceAccount.name is empty: set serviceAccount.name to the account that the operator shall use" -}}
{{- end -}}
{{- end -}}

{{/* "true" when a resource of the Prometheus Operator is wanted; takes (list root value flag). */}}
{{- define "sfn-rollouts.prometheusOperator" -}}
{{- $root := index . 0 -}}
{{- $enabled := index . 1 | toString -}}
{{- $flag := index . 2 -}}
{{- $served := $root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
{{- if and (eq $enabled "true") (not $served) -}}
{{- fail (printf "%s is true, but this cluster does not serve monitoring.coreos.com/v1: install the Prometheus Operator first, or set it to auto or false (for helm template, add --api-versions monitoring.coreos.com/v1)" $flag) -}}
{{- end -}}
{{- if and $served (ne $enabled "false") -}}true{{- end -}}
{{- end -}}
