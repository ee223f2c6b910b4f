{{- define "millrace.hasPersistence" -}}
{{- if ne (toString (.persistence).enabled) "false" -}}true{{- end -}}
{{- end -}}

{{/* Argument: `store.evaluation`. */}}
{{- define "millrace.valkeyConf" -}}
dir /data
appendonly yes
appendfsync {{ .appendfsync | default "always" }}
# Snapshots would fork beside the AOF's own rewrites.
save ""
maxmemory {{ .maxmemory | default "384mb" }}
# Jobs are no cache: a full store refuses, it never forgets.
maxmemory-policy noeviction
include /etc/valkey-auth/auth.conf
{{- end -}}

{{/*
Whether a container as root hands the new volume to the store. `auto`: unless the namespace enforces the *restricted*
profile, which would refuse the pod, and unless the cluster cannot be seen. A namespace that is not there yet, on a
cluster that is, comes with this install and has no labels.
Arguments: dict "root" $ "values" (dict).
*/}}
{{- define "millrace.ownsData" -}}
{{- $chown := toString ((.values.persistence).chown | default "auto") -}}
{{- if and (include "millrace.hasPersistence" .values) (ne (toString .values.fixedIds) "false") -}}
{{- if eq $chown "always" -}}true
{{- else if eq $chown "auto" -}}
{{- $namespace := lookup "v1" "Namespace" "" (include "millrace.namespace" .root) -}}
{{- if $namespace -}}
{{- if ne (get ($namespace.metadata.labels | default dict) "pod-security.kubernetes.io/enforce") "restricted" -}}true{{- end -}}
{{- else if lookup "v1" "Namespace" "" "default" -}}true{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
