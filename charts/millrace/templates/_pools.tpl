{{/* The values of one pool: `defaults`, `worker`, `workerPools.NAME`, one over the other, as YAML. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.pool" -}}
{{- $own := get (.root.Values.workerPools | default dict) .pool | default dict -}}
{{- $layers := list .root.Values.defaults .root.Values.worker $own -}}
{{- $pool := include "millrace.layered" (dict "component" "worker" "layers" $layers) | fromYaml -}}
{{- with $pool.wholeCores -}}
{{- $memory := ($pool.resources.limits).memory | default "1Gi" -}}
{{- $whole := dict "cpu" (toString .) "memory" $memory -}}
{{- $_ := set $pool "resources" (dict "requests" $whole "limits" (deepCopy $whole)) -}}
{{- $_ := set $pool "processes" ($pool.processes | default 1) -}}
{{- $_ := set $pool "cpuThreads" ($pool.cpuThreads | default .) -}}
{{- end -}}
{{- toYaml $pool -}}
{{- end -}}

{{/* How a pool's pods drain, as YAML. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.poolDrain" -}}
{{- $drain := mergeOverwrite (deepCopy ((.root.Values.config).drain | default dict)) ((include "millrace.pool" . | fromYaml).drain | default dict) -}}
{{- include "millrace.filled" (list $drain (dict "timeoutMs" 100000)) -}}
{{- end -}}

{{/*
Worker processes in a pod, as the worker itself works them out (packages/core/src/config/worker-sizes.ts). Where nobody says
how many cores a pod may use they are its node's, which cannot be known here: 1 is assumed. Argument: the pool's values.
*/}}
{{- define "millrace.processes" -}}
{{- $limits := .resources.limits | default dict -}}
{{- if .processes -}}{{ int64 .processes }}{{- else -}}
{{- $processes := include "millrace.cores" ($limits.cpu | default (.resources.requests).cpu | default 1) | int64 -}}
{{- with $limits.memory -}}
{{- $places := sub (div (include "millrace.mebibytes" . | int64) 96) (int64 $.standby) -}}
{{- $processes = max 1 (min $processes $places) -}}
{{- end -}}
{{ $processes }}
{{- end -}}
{{- end -}}

{{/* Names of the pools in the order in which they start, as a YAML list. Argument: $. */}}
{{- define "millrace.poolNames" -}}
{{- $root := . -}}{{- $keys := list -}}
{{- range $name, $own := .Values.workerPools | default dict -}}
{{- $order := (include "millrace.pool" (dict "root" $root "pool" $name) | fromYaml).order | default 0 -}}
{{- $keys = append $keys (printf "%06d/%s" (int $order) $name) -}}
{{- end -}}
{{- $names := list -}}
{{- range sortAlpha $keys -}}{{- $names = append $names (splitList "/" . | last) -}}{{- end -}}
{{- toYaml $names -}}
{{- end -}}

{{/* "hpa", "keda" or nothing. Arguments: dict "root" $ "pool" NAME. */}}
{{- define "millrace.autoscaler" -}}
{{- $autoscaling := (include "millrace.pool" . | fromYaml).autoscaling -}}
{{- if $autoscaling.keda.enabled -}}keda{{- else if $autoscaling.hpa.enabled -}}hpa{{- end -}}
{{- end -}}
