{{/* Names and labels. Arguments: dict "root" $ ["component" NAME] ["pool" NAME]. */}}

{{- define "millrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that every object's name, with its suffix, keeps within 63. Argument: $. */}}
{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "millrace.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* Name of a component's objects: <fullname>-producer, <fullname>-worker-<pool>. */}}
{{- define "millrace.componentName" -}}
{{- $base := printf "%s-%s" (include "millrace.fullname" .root) .component -}}
{{- if .pool -}}{{ printf "%s-%s" $base .pool }}{{- else -}}{{ $base }}{{- end -}}
{{- end -}}

{{/* What selects the pods of a component, and never changes over a release's life. */}}
{{- define "millrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "millrace.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .pool }}
millrace.dev/pool: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Labels of every object. */}}
{{- define "millrace.labels" -}}
{{ include "millrace.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The metadata block of every object. Further arguments: "name" (else the component's), "labels" (dict, over those of every
object), "annotations" (dict).
*/}}
{{- define "millrace.metadata" -}}
name: {{ .name | default (include "millrace.componentName" .) }}
namespace: {{ include "millrace.namespace" .root }}
labels:
  {{- $labels := include "millrace.labels" . }}
  {{- with .labels }}{{ $labels = mergeOverwrite (fromYaml $labels) . | toYaml }}{{ end }}
  {{- $labels | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
