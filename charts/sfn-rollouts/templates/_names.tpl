{{/* Names and labels, in one place. */}}

{{- define "sfn-rollouts.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sfn-rollouts.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sfn-rollouts.serviceAccountName" -}}
{{- default (include "sfn-rollouts.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "sfn-rollouts.leaseNamespace" -}}
{{- default .Release.Namespace .Values.leaderElection.namespace -}}
{{- end -}}

{{- define "sfn-rollouts.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "sfn-rollouts.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sfn-rollouts.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "sfn-rollouts.labels" -}}
{{ include "sfn-rollouts.selectorLabels" . }}
{{ include "sfn-rollouts.releaseLabels" . }}
{{- end -}}

{{/* Without the chart's version: a change of the chart alone restarts no pod. */}}
{{- define "sfn-rollouts.podLabels" -}}
app.kubernetes.io/part-of: sfn-rollouts
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What every resource has, whether or not it is the operator that its name stands for. */}}
{{- define "sfn-rollouts.releaseLabels" -}}
{{ include "sfn-rollouts.podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "sfn-rollouts.serviceAccountSubject" -}}
- kind: ServiceAccount
  name: {{ include "sfn-rollouts.serviceAccountName" . }}
  namespace: {{ .Release.Namespace | quote }}
{{- end -}}
