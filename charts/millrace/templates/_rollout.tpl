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
`spec.replicas` of a pool with an autoscaler. The number is the autoscaler's, so it is left out; but where Helm owns the
field on the running Deployment, leaving it out would take it away, and the API server would put 1 in its place: there the
live number is rendered. The annotation millrace.dev/rendered-replicas says that the manifest before held a number, which
is what Helm 3's three-way merge goes by; server-side apply goes by the owners of the field.
Arguments: dict "root" $ "name" NAME. Prints the number, or nothing.
*/}}
{{- define "millrace.liveReplicas" -}}
{{- $live := lookup "apps/v1" "Deployment" (include "millrace.namespace" .root) .name -}}
{{- if $live -}}
{{- $wasRendered := hasKey ($live.metadata.annotations | default dict) "millrace.dev/rendered-replicas" -}}
{{- if and $wasRendered (not (include "millrace.isAutoscalersField" $live)) -}}
{{- int $live.spec.replicas -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether Helm applies server-side and somebody else owns the number of replicas. Argument: the live Deployment. */}}
{{- define "millrace.isAutoscalersField" -}}
{{- $isApplied := false -}}{{- $isForeign := false -}}
{{- range .metadata.managedFields | default list -}}
{{- if and (eq .manager "helm") (eq .operation "Apply") -}}{{- $isApplied = true -}}
{{- else if hasKey (get (.fieldsV1 | default dict) "f:spec" | default dict) "f:replicas" -}}{{- $isForeign = true -}}
{{- end -}}
{{- end -}}
{{- if and $isApplied $isForeign -}}true{{- end -}}
{{- end -}}
