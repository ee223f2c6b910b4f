{{/* The values of one pool: `worker`, overlaid with `workerPools.NAME`, as YAML. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.pool" -}}
{{- $own := index (.root.Values.workerPools | default dict) .pool | default dict -}}
{{- toYaml (mergeOverwrite (deepCopy (.root.Values.worker | default dict)) (deepCopy $own)) -}}
{{- end -}}

{{/* "hpa", "keda" or nothing. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.autoscaler" -}}
{{- $autoscaling := (include "millrace.pool" . | fromYaml).autoscaling | default dict -}}
{{- if ($autoscaling.keda).enabled -}}keda{{- else if ($autoscaling.hpa).enabled -}}hpa{{- end -}}
{{- end -}}
