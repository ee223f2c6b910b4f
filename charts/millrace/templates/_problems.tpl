{{/* What a schema cannot say. Each of these prints sentences, one a line, that name the value and say what to do. */}}

{{/* Helm sees to small letters itself. */}}
{{- define "millrace.nameProblems" -}}
{{- $name := include "millrace.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" (lower $name)) }}
fullnameOverride: the release's name makes {{ $name | quote }}, and a Service's name begins with a letter and has letters, digits and hyphens. Say another one.
{{- end }}
{{- end -}}

{{- define "millrace.storeProblems" -}}
{{- $external := (.Values.store).external | default dict -}}
{{- $modes := list -}}
{{- with $external.url -}}{{- $modes = append $modes "store.external.url" -}}{{- end -}}
{{- with ($external.sentinel).nodes -}}{{- $modes = append $modes "store.external.sentinel" -}}{{- end -}}
{{- with ($external.cluster).nodes -}}{{- $modes = append $modes "store.external.cluster" -}}{{- end -}}
{{- $hasOwn := include "millrace.hasEvaluationStore" . -}}
{{- if and $hasOwn $modes }}
two stores: {{ first $modes }} names one, and store.evaluation.enabled makes another. Set store.evaluation.enabled=false to use yours.
{{- else if gt (len $modes) 1 }}
two stores: {{ join " and " $modes }}. Keep one of them.
{{- else if and (not $hasOwn) (not $modes) }}
no store: set store.external.url, .sentinel or .cluster, or store.evaluation.enabled=true.
{{- end }}
{{- if and ($external.sentinel).nodes (not ($external.sentinel).name) }}
store.external.sentinel.name: the Sentinels watch masters by name; say which.
{{- end }}
{{- if and ($external.cluster).nodes (int $external.db) }}
store.external.db: a Cluster has only database 0.
{{- end }}
{{- $prefix := (.Values.store).prefix | default "{bull}" }}
{{- if and ($external.cluster).nodes (not (regexMatch "^[^{]*\\{[^}]+\\}" $prefix)) }}
store.prefix: {{ $prefix | quote }} has no hash tag, which a Cluster needs. Write "{{ printf "{%s}" $prefix }}".
{{- end }}
{{- if regexMatch "^rediss?://[^/]*@" (toString $external.url) }}
store.external.url: it holds a user or a password, and it stands in a ConfigMap. Put them into store.external.username and store.external.existingSecret.
{{- end }}
{{- if and ($external.tls).enabled (hasPrefix "redis://" (toString $external.url)) }}
store.external.tls.enabled: the URL says redis://. Write rediss://.
{{- end }}
{{- if and $external.username (not $external.existingSecret) }}
store.external.username: it needs the password, in the Secret that store.external.existingSecret names.
{{- end }}
{{- end -}}

{{- define "millrace.profileProblems" -}}
{{- if eq (toString .Values.profile) "production" }}
{{- if include "millrace.hasEvaluationStore" . }}
profile production: store.evaluation is one pod without failover. Set store.evaluation.enabled=false, and store.external to yours.
{{- end }}
{{- if not (.Values.auth).existingSecret }}
profile production: generated tokens. Make a Secret of your own and name it in auth.existingSecret.
{{- end }}
{{- $images := dict "image" .Values.image "producer.image" (.Values.producer).image "supervisor.image" (.Values.supervisor).image "worker.image" (.Values.worker).image }}
{{- range $name, $pool := .Values.workerPools | default dict }}{{- $_ := set $images (printf "workerPools.%s.image" $name) ($pool).image }}{{- end }}
{{- range $name, $image := $images }}
{{- if and (eq (toString ($image).tag) "latest") (not ($image).digest) }}
profile production: {{ $name }}.tag "latest" is another image tomorrow. Name a version, or a digest.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* `noticeMs` of a drain, else the configuration's own default. Argument: the drain. */}}
{{- define "millrace.noticeMs" -}}
{{- include "millrace.ms" (hasKey . "noticeMs" | ternary (get . "noticeMs") 2000) -}}
{{- end -}}

{{/* "config." where a drain's notice is the configuration's. Arguments: list $ DRAIN (of the component itself). */}}
{{- define "millrace.noticeOf" -}}
{{- $own := index . 1 | default dict -}}
{{- if and (hasKey ((((index . 0).Values).config).drain | default dict) "noticeMs") (not (hasKey $own "noticeMs")) -}}config.{{- end -}}
{{- end -}}

{{/*
A service must have ended before the kubelet ends it. Beyond its drain a worker pod takes up to 6 s to hand back what is left
(DRAIN_MARGINS in packages/core).
*/}}
{{- define "millrace.graceProblems" -}}
{{- $root := . -}}
{{- $producer := include "millrace.component" (dict "root" . "component" "producer") | fromYaml -}}
{{- $needMs := add $producer.lingerMs (include "millrace.ms" $producer.drain.timeoutMs) -}}
{{- $graceMs := mul 1000 $producer.terminationGracePeriodSeconds -}}
{{- if ge (int64 $needMs) (int64 $graceMs) }}
producer.terminationGracePeriodSeconds: {{ div $graceMs 1000 }} s are not longer than lingerMs and drain.timeoutMs together ({{ $needMs }} ms): requests would be cut off.
{{- end }}
{{- $drain := mergeOverwrite (deepCopy ((.Values.config).drain | default dict)) $producer.drain }}
{{- if gt (include "millrace.noticeMs" $drain | int64) (include "millrace.ms" $drain.timeoutMs | int64) }}
{{ include "millrace.noticeOf" (list $root $producer.drain) | default "producer." }}drain.noticeMs: must not be longer than producer.drain.timeoutMs ({{ include "millrace.ms" $drain.timeoutMs }} ms).
{{- end }}
{{- range $name := include "millrace.poolNames" . | fromYamlArray }}
{{- $pool := include "millrace.pool" (dict "root" $root "pool" $name) | fromYaml }}
{{- $drain := include "millrace.poolDrain" (dict "root" $root "pool" $name) | fromYaml }}
{{- $drainMs := include "millrace.ms" $drain.timeoutMs }}
{{- $graceMs := mul 1000 $pool.terminationGracePeriodSeconds }}
{{- if gt (add $drainMs 6000) $graceMs }}
workerPools.{{ $name }}: terminationGracePeriodSeconds ({{ div $graceMs 1000 }} s) must be at least 6 s longer than drain.timeoutMs ({{ $drainMs }} ms), or running jobs are killed on every rollout.
{{- end }}
{{- if gt (include "millrace.noticeMs" $drain | int64) (int64 $drainMs) }}
workerPools.{{ $name }}: {{ include "millrace.noticeOf" (list $root $pool.drain) }}drain.noticeMs must not be longer than drain.timeoutMs ({{ $drainMs }} ms).
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.problems" -}}
{{- include "millrace.nameProblems" . }}
{{- include "millrace.profileProblems" . }}
{{- include "millrace.storeProblems" . }}
{{- include "millrace.graceProblems" . }}
{{- include "millrace.sizeProblems" . }}
{{- include "millrace.surroundingProblems" . }}
{{- end -}}
