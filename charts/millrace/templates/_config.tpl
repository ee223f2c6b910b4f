{{/*
The configuration file of a component: `config`, and over it what the chart decides. Each component and each pool has
its own, so that a change restarts only whom it concerns.
Arguments: dict "root" $ "component" NAME ["pool" NAME].
*/}}
{{- define "millrace.config" -}}
{{- $root := .root -}}
{{- $config := deepCopy ($root.Values.config | default dict) -}}
{{- $_ := set $config "redis" (include "millrace.redis" $root | fromYaml) -}}
{{- $http := dict "host" "0.0.0.0" "port" 8080 "healthHost" "0.0.0.0" "healthPort" 9464 -}}
{{- if eq .component "producer" -}}
{{- $producer := include "millrace.component" . | fromYaml -}}
{{- $_ := set $http "lingerMs" (int64 $producer.lingerMs) -}}
{{- $_ := set $config "drain" (mergeOverwrite ($config.drain | default dict) $producer.drain) -}}
{{- end -}}
{{- $_ := set $config "http" (mergeOverwrite ($config.http | default dict) $http) -}}
{{- $links := dict "linkHost" "0.0.0.0" "linkPort" 9470 "healthPort" 9464 -}}
{{- $_ := set $config "supervision" (mergeOverwrite ($config.supervision | default dict) $links) -}}
{{- $worker := mergeOverwrite ($config.worker | default dict) (dict "healthPort" 9464) -}}
{{- if eq .component "worker" -}}
{{- $pool := include "millrace.pool" . | fromYaml -}}
{{- range $field := list "processes" "concurrency" "standby" "cpuThreads" "maxOldSpace" "nodeOptions" -}}
{{- $value := get $pool $field -}}
{{- if not (empty $value | and (ne (toString $value) "0")) -}}{{- $_ := set $worker $field $value -}}{{- end -}}
{{- end -}}
{{- $_ := set $config "drain" (include "millrace.poolDrain" . | fromYaml) -}}
{{- end -}}
{{- $_ := set $config "worker" $worker -}}
{{- toYaml $config }}
# In the order in which they start.
pools:
{{- range $name := empty .pool | ternary (include "millrace.poolNames" $root | fromYamlArray) (list .pool) }}
  {{ $name }}:
    {{- include "millrace.poolConfig" (dict "root" $root "pool" $name "component" $.component) | nindent 4 }}
{{- else }}
  {}
{{- end }}
{{- end -}}

{{/*
One pool, as a component's configuration file tells it. The Deployment keeps the number of pods, so `pods` says nothing here;
who works out how many there should be is told how they are sized, and a producer nothing else that would restart it.
Arguments: dict "root" $ "component" NAME "pool" NAME.
*/}}
{{- define "millrace.poolConfig" -}}
{{- $pool := include "millrace.pool" . | fromYaml -}}
{{- $out := dict -}}
{{- range $field := eq .component "producer" | ternary (list "queues") (list "queues" "strategy" "restart" "intensity" "periodMs") -}}
{{- $value := get $pool $field -}}
{{- if not (empty $value | and (ne (toString $value) "0")) -}}{{- $_ := set $out $field $value -}}{{- end -}}
{{- end -}}
{{- if ne .component "worker" -}}
{{- $assumed := dict "processes" (include "millrace.processes" $pool | int64) -}}
{{- /* A pool on whole cores is for cpu work, which has a thread for each job. */}}
{{- with $pool.concurrency | default (empty $pool.wholeCores | ternary 0 $pool.cpuThreads) -}}{{- $_ := set $assumed "concurrency" . -}}{{- end -}}
{{- $_ := set $out "assumed" $assumed -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/* A component's ConfigMap. */}}
{{- define "millrace.configMap" -}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "millrace.metadata" (merge (dict "name" (printf "%s-config" (include "millrace.componentName" .))) .) | nindent 2 }}
data:
  config.yaml: |
    {{- include "millrace.config" . | nindent 4 }}
{{- end -}}

{{/* Changed configuration starts new pods. */}}
{{- define "millrace.checksums" -}}
{{- toYaml (dict "checksum/config" (include "millrace.config" . | sha256sum)) -}}
{{- end -}}
