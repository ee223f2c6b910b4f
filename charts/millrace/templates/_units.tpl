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

{{/* A quantity of memory in MiB, rounded down. Argument: the quantity. */}}
{{- define "millrace.mebibytes" -}}
{{- $text := toString . -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- $bytes := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- int64 (floor (divf (mulf (float64 (trimSuffix $unit $text)) (get $bytes $unit | default 1)) 1048576)) -}}
{{- end -}}

{{/* A quantity of cpu in whole cores, at least 1. Argument: the quantity. */}}
{{- define "millrace.cores" -}}
{{- $text := toString . -}}
{{- $cores := hasSuffix "m" $text | ternary (divf (float64 (trimSuffix "m" $text)) 1000) (float64 (trimSuffix "m" $text)) -}}
{{- max 1 (int64 (floor $cores)) -}}
{{- end -}}
