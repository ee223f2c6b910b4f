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
