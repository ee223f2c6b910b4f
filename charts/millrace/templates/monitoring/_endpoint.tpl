{{/* One endpoint of a monitor. Argument: its values. */}}
{{- define "millrace.monitoring.endpoint" -}}
- port: health
  path: /metrics
  interval: {{ .interval }}
  scrapeTimeout: {{ .scrapeTimeout }}
  {{- with .relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Labels of the pods that every series carries; alerts and dashboards select by them. */}}
{{- define "millrace.monitoring.podLabels" -}}
- app.kubernetes.io/instance
- app.kubernetes.io/component
- millrace.dev/pool
{{- end -}}
