{{/* Security contexts that Pod Security's *restricted* profile accepts, with the values over them. Arguments: dict "values" (dict) "uid" N. */}}
{{- define "millrace.podSecurityContext" -}}
{{- $base := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if ne (toString .values.fixedIds) "false" -}}
{{- $base = merge $base (dict "runAsUser" .uid "runAsGroup" .uid "fsGroup" .uid "fsGroupChangePolicy" "OnRootMismatch") -}}
{{- end -}}
{{- toYaml (mergeOverwrite $base (deepCopy (.values.podSecurityContext | default dict))) -}}
{{- end -}}

{{- define "millrace.containerSecurityContext" -}}
{{- $base := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- toYaml (mergeOverwrite $base (deepCopy (.values.containerSecurityContext | default dict))) -}}
{{- end -}}

{{/* Tolerations of the values; pods leave lost nodes after `lostNodeSeconds`, unless a toleration says otherwise. */}}
{{- define "millrace.tolerations" -}}
{{- $all := .values.tolerations | default list -}}
{{- $keys := list -}}
{{- range $all -}}{{- $keys = append $keys (.key | default "") -}}{{- end -}}
{{- $seconds := .values.lostNodeSeconds -}}
{{- if not (kindIs "invalid" $seconds) -}}
{{- range $key := list "node.kubernetes.io/not-ready" "node.kubernetes.io/unreachable" -}}
{{- if not (has $key $keys) -}}
{{- $all = append $all (dict "key" $key "operator" "Exists" "effect" "NoExecute" "tolerationSeconds" (int $seconds)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* Spreads a component's pods over the nodes, without ever keeping one from running. */}}
{{- define "millrace.spread" -}}
{{- if kindIs "invalid" .values.topologySpreadConstraints -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "millrace.selectorLabels" . | nindent 6 }}
  # A rollout's old pods would count as well.
  matchLabelKeys: [pod-template-hash]
{{- else -}}
{{- toYaml .values.topologySpreadConstraints -}}
{{- end -}}
{{- end -}}

{{/* Metadata of a pod template. Arguments: those of the labels, "values", and "checksums" (dict of annotations). */}}
{{- define "millrace.podMetadata" -}}
labels:
  {{- include "millrace.selectorLabels" . | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  {{- with merge (dict) (.values.podLabels | default dict) (.root.Values.commonLabels | default dict) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.checksums | default dict) (.values.podAnnotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What the specs of all pods have in common. Arguments: those of the labels, "values", "uid", "serviceAccount". */}}
{{- define "millrace.podSpec" -}}
{{- $values := .values -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: {{ .token | default false }}
# Links of other services would come as MILLRACE_… variables, and unknown ones are refused at start.
enableServiceLinks: false
{{- with (.root.Values.image).pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if not (kindIs "invalid" $values.terminationGracePeriodSeconds) }}
terminationGracePeriodSeconds: {{ int $values.terminationGracePeriodSeconds }}
{{- end }}
securityContext:
  {{- include "millrace.podSecurityContext" . | nindent 2 }}
{{- range $field := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" }}
{{- with get $values $field }}
{{ $field }}: {{ . }}
{{- end }}
{{- end }}
{{- range $field := list "nodeSelector" "affinity" "hostAliases" "dnsConfig" "initContainers" }}
{{- with get $values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
tolerations:
  {{- include "millrace.tolerations" . | nindent 2 }}
{{- with include "millrace.spread" . }}
{{- if ne (trim .) "[]" }}
topologySpreadConstraints:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}


{{/* Name of a component's ServiceAccount. Arguments: those of the labels, "values". */}}
{{- define "millrace.serviceAccountName" -}}
{{- $own := .values.serviceAccount | default dict -}}
{{- if eq (toString $own.create) "false" -}}{{ $own.name | default "default" }}{{- else -}}
{{- $own.name | default (include "millrace.componentName" .) -}}
{{- end -}}
{{- end -}}

{{/* A component's ServiceAccount. Nobody's token is mounted by it: the supervisor's pods ask for theirs. */}}
{{- define "millrace.serviceAccount" -}}
{{- if ne (toString (.values.serviceAccount).create) "false" }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "millrace.metadata" (merge (dict "name" (include "millrace.serviceAccountName" .) "annotations" (.values.serviceAccount).annotations) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}
{{- end -}}

{{/*
The startup probe: one command that waits, and so fails no probe and warns of nothing, until the service is ready. A
service that lives but is not ready after 50 s (its store is away) has started as well.
*/}}
{{- define "millrace.awaitStart" -}}
ask() { (exec 3<>/dev/tcp/127.0.0.1/9464 && printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]) 2>/dev/null; }
for ((i = 0; i < 250; i++)); do ask /readyz && exit 0; sleep 0.2; done
ask /livez
{{- end -}}

{{/* The three probes of a service; each field can be laid over, another way of asking replaces ours, `enabled: false` drops it. */}}
{{- define "millrace.probes" -}}
{{- $values := .values -}}
{{- $ways := list "exec" "httpGet" "tcpSocket" "grpc" -}}
{{- $bases := dict
  "startup" (dict "exec" (dict "command" (list "bash" "-c" (include "millrace.awaitStart" .))) "periodSeconds" 1 "timeoutSeconds" 60 "failureThreshold" 3)
  "readiness" (dict "httpGet" (dict "path" "/readyz" "port" "health") "periodSeconds" 2 "timeoutSeconds" 3 "failureThreshold" 2)
  "liveness" (dict "httpGet" (dict "path" "/livez" "port" "health") "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 3) -}}
{{- range $name := list "startup" "readiness" "liveness" }}
{{- $base := get $bases $name }}
{{- $own := get ($values.probes | default dict) $name | default dict }}
{{- if ne (toString $own.enabled) "false" }}
{{- range $way := $ways }}{{- if hasKey $own $way }}{{- $base = omit $base "exec" "httpGet" }}{{- end }}{{- end }}
{{ $name }}Probe:
  {{- toYaml (omit (mergeOverwrite $base (deepCopy $own)) "enabled") | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
