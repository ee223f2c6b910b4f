{{/* A pool's `autoscaling`. Arguments: dict "root" $ "pool" NAME. YAML. */}}
{{- define "millrace.autoscaling" -}}
{{- toYaml (include "millrace.pool" . | fromYaml).autoscaling -}}
{{- end -}}

{{/* The Deployment that is scaled. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.scaleTarget" -}}
apiVersion: apps/v1
kind: Deployment
name: {{ include "millrace.componentName" (dict "root" .root "component" "worker" "pool" .pool) }}
{{- end -}}

{{/* Fewest pods that the pool has while it works. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.fewestPods" -}}
{{- $autoscaling := include "millrace.autoscaling" . | fromYaml -}}
{{- $kind := include "millrace.autoscaler" . -}}
{{- if $kind -}}
{{- int (index $autoscaling $kind).minReplicas -}}
{{- else -}}
{{- int (include "millrace.pool" . | fromYaml).replicas -}}
{{- end -}}
{{- end -}}
