{{/* How a Deployment replaces its pods. */}}
{{- define "millrace.rollout" -}}
revisionHistoryLimit: {{ int (.values.revisionHistoryLimit | default 5) }}
minReadySeconds: {{ int (.values.minReadySeconds | default 0) }}
{{- with .values.rollout }}
strategy:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The number for `spec.replicas`, or nothing where it is an autoscaler's. What runs is looked at, since a number taken away
becomes 1, and one that somebody else has set is refused as a conflict (Helm 4) or set back (Helm 3).
The annotation millrace.dev/rendered-replicas holds the number of the values, where the manifest has one.
- Without an autoscaler: the values' number; but what `kubectl scale` made of it stays until the values change.
- With an autoscaler: nothing; but where leaving it out would take the number away, the live one, this once.
Arguments: dict "root" $ "name" NAME "number" N "autoscaler" TEXT.
*/}}
{{- define "millrace.replicas" -}}
{{- $live := lookup "apps/v1" "Deployment" (include "millrace.namespace" .root) .name | default dict -}}
{{- $running := ($live.spec).replicas -}}
{{- $rendered := get (($live.metadata).annotations | default dict) "millrace.dev/rendered-replicas" -}}
{{- if .autoscaler -}}
{{- if and $rendered (not (include "millrace.isAutoscalersField" $live)) -}}{{ int64 $running }}{{- end -}}
{{- else if and $live (eq $rendered (toString .number)) -}}{{ int64 $running }}
{{- else -}}{{ .number }}{{- end -}}
{{- end -}}

{{/* The annotation of what has a number, as a dict. Arguments: dict "replicas" TEXT "number" N. */}}
{{- define "millrace.replicasAnnotation" -}}
{{- if .replicas -}}{{- toYaml (dict "millrace.dev/rendered-replicas" (toString .number)) -}}{{- else -}}{}{{- end -}}
{{- end -}}

{{/*
Whether leaving the number out takes nothing away: Helm 3 goes by its last manifest, so it never does; server-side apply
goes by the owners of the field, and an autoscaler that has scaled is one. Argument: the live Deployment.
*/}}
{{- define "millrace.isAutoscalersField" -}}
{{- $isApplied := false -}}{{- $isForeign := false -}}
{{- range .metadata.managedFields | default list -}}
{{- if and (eq .manager "helm") (eq .operation "Apply") -}}{{- $isApplied = true -}}
{{- else if hasKey (get (.fieldsV1 | default dict) "f:spec" | default dict) "f:replicas" -}}{{- $isForeign = true -}}
{{- end -}}
{{- end -}}
{{- if and $isApplied $isForeign -}}true{{- end -}}
{{- end -}}
