{{/* Metadata with labels of the object's own. Arguments: as "millrace.metadata", and "labels" (dict). */}}
{{- define "millrace.surroundings.metadata" -}}
{{- $metadata := include "millrace.metadata" . | fromYaml -}}
{{- $_ := set $metadata "labels" (mergeOverwrite $metadata.labels (.labels | default dict)) -}}
{{- toYaml $metadata -}}
{{- end -}}
