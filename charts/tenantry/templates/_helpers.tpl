{{- define "tenantry.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of what belongs to the release: `tenantry` for a release of that name. */}}
{{- define "tenantry.fullname" -}}
{{- $name := include "tenantry.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a Deployment's selector may hold: it can never change. */}}
{{- define "tenantry.selector" -}}
app.kubernetes.io/name: {{ include "tenantry.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "tenantry.labels" -}}
{{- $ours := dict
  "app.kubernetes.io/name" (include "tenantry.name" .)
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
-}}
{{- toYaml (mergeOverwrite (deepCopy .Values.labels) $ours) -}}
{{- end -}}

{{/*
`labels:` and `annotations:` of an object. Takes a dict: `root`, and optionally `labels` and `annotations`, which win over
the ones of every object.
*/}}
{{- define "tenantry.metadata" -}}
{{- $labels := mergeOverwrite (include "tenantry.labels" .root | fromYaml) (.labels | default dict) -}}
{{- $annotations := mergeOverwrite (deepCopy .root.Values.annotations) (.annotations | default dict) -}}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tenantry.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tenantry.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "tenantry.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The kinds, by their plurals; a test compares them with the CustomResourceDefinitions. */}}
{{- define "tenantry.plurals" -}}
[invitations, organizations, roles, sharingrules, tenants, usergroups, users]
{{- end -}}
