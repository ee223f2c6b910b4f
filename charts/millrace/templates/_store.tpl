{{/* Whether the release brings its own store. */}}
{{- define "millrace.hasEvaluationStore" -}}
{{- if ne (toString ((.Values.store).evaluation).enabled) "false" -}}true{{- end -}}
{{- end -}}

{{/* `redis` of the configuration file, as YAML. Argument: $. */}}
{{- define "millrace.redis" -}}
{{- $redis := dict -}}{{- $store := .Values.store | default dict -}}
{{- with $store.prefix -}}{{- $_ := set $redis "prefix" . -}}{{- end -}}
{{- /* A Cluster keeps all keys in one slot, by a hash tag. */}}
{{- if and (not $store.prefix) (($store.external).cluster).nodes -}}{{- $_ := set $redis "prefix" "{bull}" -}}{{- end -}}
{{- if include "millrace.hasEvaluationStore" . -}}
{{- $_ := set $redis "url" (printf "redis://%s-store.%s.svc:6379" (include "millrace.fullname" .) (include "millrace.namespace" .)) -}}
{{- $_ := set $redis "passwordFile" "/etc/millrace/store/password" -}}
{{- else -}}
{{- $redis = mergeOverwrite $redis (include "millrace.externalRedis" $store.external | fromYaml) -}}
{{- end -}}
{{- toYaml $redis -}}
{{- end -}}

{{/* Argument: `store.external`. */}}
{{- define "millrace.externalRedis" -}}
{{- $redis := dict -}}{{- $external := . | default dict -}}{{- $keys := $external.keys | default dict -}}
{{- range $field := list "url" "username" "sentinelUsername" -}}
{{- with get $external $field -}}{{- $_ := set $redis $field . -}}{{- end -}}
{{- end -}}
{{- with $external.db -}}{{- $_ := set $redis "db" (int .) -}}{{- end -}}
{{- with $external.sentinel -}}{{- if .nodes -}}{{- $_ := set $redis "sentinel" (dict "name" .name "nodes" .nodes) -}}{{- end -}}{{- end -}}
{{- with ($external.cluster).nodes -}}{{- $_ := set $redis "cluster" (dict "nodes" .) -}}{{- end -}}
{{- if $external.existingSecret -}}
{{- with $keys.password -}}{{- $_ := set $redis "passwordFile" "/etc/millrace/store/password" -}}{{- end -}}
{{- with $keys.sentinelPassword -}}{{- $_ := set $redis "sentinelPasswordFile" "/etc/millrace/store/sentinel-password" -}}{{- end -}}
{{- end -}}
{{- if ($external.tls).enabled -}}
{{- $_ := set $redis "tls" (include "millrace.tlsFiles" $external.tls | fromYaml) -}}
{{- end -}}
{{- toYaml $redis -}}
{{- end -}}

{{- define "millrace.tlsFiles" -}}
{{- $tls := dict -}}
{{- with .serverName -}}{{- $_ := set $tls "serverName" . -}}{{- end -}}
{{- if .existingSecret -}}
{{- with (.keys).ca -}}{{- $_ := set $tls "caFile" "/etc/millrace/store-tls/ca.crt" -}}{{- end -}}
{{- with (.keys).cert -}}{{- $_ := set $tls "certFile" "/etc/millrace/store-tls/tls.crt" -}}{{- end -}}
{{- with (.keys).key -}}{{- $_ := set $tls "keyFile" "/etc/millrace/store-tls/tls.key" -}}{{- end -}}
{{- end -}}
{{- toYaml $tls -}}
{{- end -}}

{{/* Volumes with the store's passwords and certificates, as a YAML list. Argument: $. */}}
{{- define "millrace.storeVolumes" -}}
{{- $external := (.Values.store).external | default dict -}}{{- $volumes := list -}}
{{- if include "millrace.hasEvaluationStore" . -}}
{{- $items := list (dict "key" "password" "path" "password") -}}
{{- $volumes = append $volumes (dict "name" "store" "secret" (dict "secretName" (printf "%s-store" (include "millrace.fullname" .)) "defaultMode" 288 "items" $items)) -}}
{{- else -}}
{{- with $external.existingSecret -}}
{{- $keys := $external.keys | default dict -}}{{- $items := list -}}
{{- with $keys.password -}}{{- $items = append $items (dict "key" . "path" "password") -}}{{- end -}}
{{- with $keys.sentinelPassword -}}{{- $items = append $items (dict "key" . "path" "sentinel-password") -}}{{- end -}}
{{- $volumes = append $volumes (dict "name" "store" "secret" (dict "secretName" . "defaultMode" 288 "items" $items)) -}}
{{- end -}}
{{- if and ($external.tls).enabled ($external.tls).existingSecret -}}
{{- $items := list -}}
{{- range $field, $path := dict "ca" "ca.crt" "cert" "tls.crt" "key" "tls.key" -}}
{{- with get ($external.tls.keys | default dict) $field -}}{{- $items = append $items (dict "key" . "path" $path) -}}{{- end -}}
{{- end -}}
{{- $volumes = append $volumes (dict "name" "store-tls" "secret" (dict "secretName" $external.tls.existingSecret "defaultMode" 288 "items" $items)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $volumes -}}
{{- end -}}
