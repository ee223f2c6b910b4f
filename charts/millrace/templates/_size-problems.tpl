{{/* As _problems.tpl, of how large things are. */}}

{{/* Kubernetes refuses such a pod. Arguments: list WHERE RESOURCES. */}}
{{- define "millrace.requestProblems" -}}
{{- $where := index . 0 -}}{{- $resources := index . 1 | default dict -}}
{{- range $name, $request := $resources.requests | default dict }}
{{- $limit := get ($resources.limits | default dict) $name }}
{{- if not (or (kindIs "invalid" $request) (kindIs "invalid" $limit) (eq (toString $limit) "")) }}
{{- if gt (include "millrace.quantity" $request | float64) (include "millrace.quantity" $limit | float64) }}
{{ $where }}resources.requests.{{ $name }}: {{ $request }} is more than resources.limits.{{ $name }} ({{ $limit }}).
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* As the worker itself would refuse it at its start (packages/core/src/config/worker-sizes.ts). Arguments: list NAME POOL. */}}
{{- define "millrace.poolMemoryProblems" -}}
{{- $where := printf "workerPools.%s" (index . 0) -}}{{- $pool := index . 1 -}}
{{- with ($pool.resources.limits).memory }}
{{- $limitMib := include "millrace.mebibytes" . | int64 }}
{{- $processes := include "millrace.processes" $pool | int64 }}
{{- $standby := int64 $pool.standby }}
{{- $all := add $processes $standby }}
{{- $who := printf "%d %s and %d standby" $processes (plural "process" "processes" (int $processes)) $standby }}
{{- if gt (mul $all 96) $limitMib }}
{{ $where }}: {{ $who }} do not fit into resources.limits.memory ({{ . }}), as each needs 96 MiB. Set fewer processes, or {{ mul $all 96 }}Mi.
{{- else if gt (mul $all (int64 $pool.maxOldSpace)) $limitMib }}
{{ $where }}.maxOldSpace: {{ $pool.maxOldSpace }} MiB for {{ $who }} are {{ mul $all (int64 $pool.maxOldSpace) }} MiB, more than the memory limit {{ . }}.
{{- end }}
{{- end }}
{{- end -}}

{{/* The store has more than its data in memory: buffers of clients, and what changes while the AOF is rewritten. */}}
{{- define "millrace.storeMemoryProblems" -}}
{{- $maxmemory := .maxmemory | default "384mb" -}}
{{- with ((.resources).limits).memory }}
{{- $mostMib := div (mul 3 (include "millrace.mebibytes" . | int64)) 4 }}
{{- if gt (include "millrace.valkeyMebibytes" $maxmemory | int64) $mostMib }}
store.evaluation.maxmemory: {{ $maxmemory }} leaves less than a quarter of store.evaluation.resources.limits.memory ({{ . }}) free. At most {{ $mostMib }}mb.
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.sizeProblems" -}}
{{- $root := . -}}
{{- range $component := list "producer" "supervisor" }}
{{- include "millrace.requestProblems" (list (printf "%s." $component) (get $root.Values $component | default dict).resources) }}
{{- end }}
{{- range $name := include "millrace.poolNames" . | fromYamlArray }}
{{- $pool := include "millrace.pool" (dict "root" $root "pool" $name) | fromYaml }}
{{- include "millrace.requestProblems" (list (printf "workerPools.%s." $name) $pool.resources) }}
{{- include "millrace.poolMemoryProblems" (list $name $pool) }}
{{- end }}
{{- if include "millrace.hasEvaluationStore" . }}
{{- include "millrace.requestProblems" (list "store.evaluation." ((.Values.store).evaluation).resources) }}
{{- include "millrace.storeMemoryProblems" ((.Values.store).evaluation | default dict) }}
{{- end }}
{{- if (.Values.jaeger).enabled }}
{{- include "millrace.requestProblems" (list "jaeger." .Values.jaeger.resources) }}
{{- end }}
{{- end -}}
