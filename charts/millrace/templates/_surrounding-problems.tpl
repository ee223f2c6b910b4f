{{/* As _problems.tpl, of what surrounds the services: autoscaling, monitoring, the ways in. */}}

{{- define "millrace.scalingProblems" -}}
{{- $root := . -}}
{{- range $name := include "millrace.poolNames" . | fromYamlArray }}
{{- $where := printf "workerPools.%s.autoscaling" $name }}
{{- $autoscaling := (include "millrace.pool" (dict "root" $root "pool" $name) | fromYaml).autoscaling }}
{{- $hpa := $autoscaling.hpa }}
{{- $keda := $autoscaling.keda }}
{{- if and $hpa.enabled $keda.enabled }}
{{ $where }}: hpa and keda are both enabled, and each would undo what the other does. Enable one of them.
{{- end }}
{{- range $kind, $own := dict "hpa" $hpa "keda" $keda }}
{{- if and $own.enabled (gt (int $own.minReplicas) (int $own.maxReplicas)) }}
{{ $where }}.{{ $kind }}: minReplicas {{ int $own.minReplicas }} is more than maxReplicas {{ int $own.maxReplicas }}.
{{- end }}
{{- end }}
{{- if and $hpa.enabled (lt (int $hpa.minReplicas) 1) }}
{{ $where }}.hpa.minReplicas: a HorizontalPodAutoscaler cannot wake a pool from zero. Set at least 1, or use keda.
{{- end }}
{{- if and $keda.enabled (not (kindIs "invalid" $keda.idleReplicas)) }}
{{- if ge (int $keda.idleReplicas) (int $keda.minReplicas) }}
{{ $where }}.keda.idleReplicas: must be less than minReplicas ({{ int $keda.minReplicas }}); leave it out otherwise.
{{- end }}
{{- end }}
{{- $keys := ($root.Values.auth).keys | default dict }}
{{- if and $keda.enabled ($root.Values.auth).existingSecret (not ($keda.tokenSecret).name) (not $keys.viewer) }}
{{ $where }}.keda: it asks the API with a plain viewer token, and auth.keys.viewer names none. Set keda.tokenSecret.name and .key.
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.monitoringProblems" -}}
{{- $monitoring := .Values.monitoring | default dict -}}
{{- if and ($monitoring.serviceMonitor).enabled ($monitoring.podMonitor).enabled }}
monitoring: serviceMonitor and podMonitor are both enabled, and every pod would be scraped twice. Enable one of them.
{{- end }}
{{- $known := list -}}
{{- range .Files.Get "files/alerts.yaml" | fromYamlArray }}{{ $known = append $known .alert }}{{ end -}}
{{- range $name, $_ := ($monitoring.prometheusRule).alerts | default dict }}
{{- if not (has $name $known) }}
monitoring.prometheusRule.alerts: there is no alert "{{ $name }}". There are {{ join ", " $known }}.
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.wayInProblems" -}}
{{- if and (.Values.ingress).enabled (not .Values.ingress.hosts) }}
ingress.enabled: it needs ingress.hosts, like [{host: millrace.example.com}].
{{- end }}
{{- if and (.Values.httpRoute).enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.enabled: it needs httpRoute.parentRefs, the Gateways that it hangs on, like [{name: public, namespace: gateways}].
{{- end }}
{{- end -}}

{{- define "millrace.surroundingProblems" -}}
{{- include "millrace.scalingProblems" . }}
{{- include "millrace.monitoringProblems" . }}
{{- include "millrace.wayInProblems" . }}
{{- end -}}
