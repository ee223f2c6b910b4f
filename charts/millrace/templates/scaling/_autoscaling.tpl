{{/* A pool's `autoscaling`, refused where it cannot be meant. Arguments: dict "root" $ "pool" NAME. YAML. */}}
{{- define "millrace.autoscaling" -}}
{{- $autoscaling := (include "millrace.pool" . | fromYaml).autoscaling | default dict -}}
{{- $where := printf "workerPools.%s.autoscaling" .pool -}}
{{- $hpa := $autoscaling.hpa | default dict -}}
{{- $keda := $autoscaling.keda | default dict -}}
{{- if and $hpa.enabled $keda.enabled -}}
{{- fail (printf "%s: hpa and keda are both enabled, and each would undo what the other does. Enable one of them." $where) -}}
{{- end -}}
{{- range $kind, $own := dict "hpa" $hpa "keda" $keda -}}
{{- if and $own.enabled (gt (int $own.minReplicas) (int $own.maxReplicas)) -}}
{{- fail (printf "%s.%s: minReplicas %d is more than maxReplicas %d." $where $kind (int $own.minReplicas) (int $own.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if and $hpa.enabled (lt (int $hpa.minReplicas) 1) -}}
{{- fail (printf "%s.hpa.minReplicas must be at least 1: a HorizontalPodAutoscaler cannot wake a pool from zero. Use keda for that." $where) -}}
{{- end -}}
{{- if and $keda.enabled (not (kindIs "invalid" $keda.idleReplicas)) (ge (int $keda.idleReplicas) (int $keda.minReplicas)) -}}
{{- fail (printf "%s.keda.idleReplicas must be less than minReplicas %d; leave it out otherwise." $where (int $keda.minReplicas)) -}}
{{- end -}}
{{- toYaml $autoscaling -}}
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
