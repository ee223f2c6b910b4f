{{/* The Secret with the plain tokens and the link key. */}}
{{- define "millrace.authSecret" -}}
{{- (.Values.auth).existingSecret | default (printf "%s-auth" (include "millrace.fullname" .)) -}}
{{- end -}}

{{/* Name of one of its keys. A Secret of ours has ours. Arguments: dict "root" $ "key" NAME. */}}
{{- define "millrace.authKey" -}}
{{- $names := dict "viewer" "viewer" "operator" "operator" "admin" "admin" "linkKey" "link-key" "tokens" "tokens" -}}
{{- if (.root.Values.auth).existingSecret -}}
{{- get (.root.Values.auth.keys | default dict) .key | default (get $names .key) -}}
{{- else -}}{{ get $names .key }}{{- end -}}
{{- end -}}

{{/* Whether the Secret is seen to hold no plain token of the role: it has hashes only. Arguments: dict "root" $ "role" NAME. */}}
{{- define "millrace.lacksToken" -}}
{{- with (.root.Values.auth).existingSecret -}}
{{- $data := (lookup "v1" "Secret" (include "millrace.namespace" $.root) .).data -}}
{{- if and $data (not (hasKey $data (include "millrace.authKey" (dict "root" $.root "key" $.role)))) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Plain tokens of an existing Secret, where it is there and has no hashes, as YAML: the chart hashes these. Where it cannot
be seen (GitOps renders without the cluster), producers mount its hashes.
*/}}
{{- define "millrace.plainTokens" -}}
{{- $out := dict -}}
{{- with (.Values.auth).existingSecret -}}
{{- $data := (lookup "v1" "Secret" (include "millrace.namespace" $) .).data | default dict -}}
{{- if not (hasKey $data (include "millrace.authKey" (dict "root" $ "key" "tokens"))) -}}
{{- range $role := list "viewer" "operator" "admin" -}}
{{- with get $data (include "millrace.authKey" (dict "root" $ "key" $role)) -}}{{- $_ := set $out $role (b64dec . | trim) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{- define "millrace.makesHashes" -}}
{{- if or (not (.Values.auth).existingSecret) (include "millrace.plainTokens" . | fromYaml) -}}true{{- end -}}
{{- end -}}

{{/* Where the producers find the hashes. */}}
{{- define "millrace.tokenHashesSecret" -}}
{{- if include "millrace.makesHashes" . -}}{{ include "millrace.fullname" . }}-token-hashes{{- else -}}{{ .Values.auth.existingSecret }}{{- end -}}
{{- end -}}

{{- define "millrace.tokenHashesKey" -}}
{{- if include "millrace.makesHashes" . -}}tokens{{- else -}}{{ include "millrace.authKey" (dict "root" . "key" "tokens") }}{{- end -}}
{{- end -}}

{{/* Lines of the producers' tokens file. Argument: dict of role and plain token. */}}
{{- define "millrace.hashLines" -}}
{{- range $role, $token := . }}
{{ dict "id" $role "role" $role "sha256" (sha256sum $token) | toJson }}
{{- end }}
{{- end -}}
