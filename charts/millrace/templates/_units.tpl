{{/* A duration of the configuration in ms: a number, or text like 30s. Argument: the value. */}}
{{- define "millrace.ms" -}}
{{- $text := toString . | trim -}}
{{- if regexMatch "^[0-9.]+(e\\+[0-9]+)?$" $text -}}{{ int64 (float64 .) }}
{{- else if regexMatch "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$" $text -}}
{{- $unit := regexFind "[a-z]+$" $text -}}
{{- $factor := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) $unit -}}
{{- int64 (mulf (float64 (trimSuffix $unit $text)) $factor) -}}
{{- else -}}0{{- end -}}
{{- end -}}

{{/* A quantity of Kubernetes as a plain number (bytes, cores). Argument: the quantity. */}}
{{- define "millrace.quantity" -}}
{{- $text := toString . -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- $decimal := dict "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{- printf "%.9f" (mulf (float64 (trimSuffix $unit $text)) (get (merge $decimal $binary) $unit | default 1)) -}}
{{- end -}}

{{/* A quantity of memory in MiB, rounded down. Argument: the quantity. */}}
{{- define "millrace.mebibytes" -}}
{{- int64 (floor (divf (include "millrace.quantity" . | float64) 1048576)) -}}
{{- end -}}

{{/* A quantity of cpu in whole cores, at least 1. Argument: the quantity. */}}
{{- define "millrace.cores" -}}
{{- $text := toString . -}}
{{- $cores := hasSuffix "m" $text | ternary (divf (float64 (trimSuffix "m" $text)) 1000) (float64 (trimSuffix "m" $text)) -}}
{{- max 1 (int64 (floor $cores)) -}}
{{- end -}}

{{/* Memory as Valkey writes it (k is 1000, kb 1024), in MiB, rounded down. Argument: the text. */}}
{{- define "millrace.valkeyMebibytes" -}}
{{- $text := toString . | lower -}}
{{- $unit := regexFind "[a-z]*$" $text -}}
{{- $units := dict "" "" "b" "" "k" "k" "m" "M" "g" "G" "kb" "Ki" "mb" "Mi" "gb" "Gi" -}}
{{- include "millrace.mebibytes" (printf "%s%s" (trimSuffix $unit $text) (get $units $unit)) -}}
{{- end -}}
