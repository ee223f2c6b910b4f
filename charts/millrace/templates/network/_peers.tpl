{{/* Pieces of NetworkPolicies. All are lists of rules or peers as YAML text. */}}

{{/* Pods of this release. Arguments: dict "root" $ "components" (list). */}}
{{- define "millrace.network.pods" -}}
- podSelector:
    matchLabels:
      {{- include "millrace.selectorLabels" (dict "root" .root) | nindent 6 }}
    matchExpressions:
      - key: app.kubernetes.io/component
        operator: In
        values: {{ toJson .components }}
{{- end -}}

{{/* Ports as YAML. Arguments: dict "ports" (list of numbers) ["protocols" (list)]. */}}
{{- define "millrace.network.ports" -}}
{{- $protocols := .protocols | default (list "TCP") -}}
{{- range $port := .ports }}
{{- range $protocols }}
- port: {{ int $port }}
  protocol: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* CIDRs as peers. Argument: list. */}}
{{- define "millrace.network.blocks" -}}
{{- range . }}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- end -}}

{{/* One egress rule; without peers it goes anywhere. Arguments: dict "to" (YAML text) "ports" (YAML text). */}}
{{- define "millrace.network.egress" -}}
- ports:
    {{- .ports | trim | nindent 4 }}
  {{- with .to | trim }}
  to:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* One ingress rule; without peers it is open to everybody. Arguments: dict "from" (YAML text) "ports" (YAML text). */}}
{{- define "millrace.network.ingress" -}}
- ports:
    {{- .ports | trim | nindent 4 }}
  {{- with .from | trim }}
  from:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A list of peers as YAML text, nothing for an empty one. */}}
{{- define "millrace.network.peers" -}}
{{- with . }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{/* Questions to the name servers. Argument: $. */}}
{{- define "millrace.network.toDns" -}}
{{- $dns := (.Values.networkPolicy).dns | default dict -}}
{{- $ports := include "millrace.network.ports" (dict "ports" ($dns.ports | default (list 53)) "protocols" (list "UDP" "TCP")) -}}
{{- include "millrace.network.egress" (dict "ports" $ports "to" (include "millrace.network.peers" $dns.to)) -}}
{{- end -}}

{{/* Ports in addresses. Arguments: dict "addresses" (list) "default" (number). JSON list of numbers. */}}
{{- define "millrace.network.portsOf" -}}
{{- $ports := list -}}
{{- $default := .default -}}
{{- range .addresses -}}
{{- $port := regexFind ":[0-9]+(/.*)?$" . | trimPrefix ":" | splitList "/" | first -}}
{{- $ports = append $ports (int (default $default $port)) -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end -}}

{{/* Ports of the external store: as said, else of its addresses; behind Sentinels also the usual one of the servers. Argument: $. */}}
{{- define "millrace.network.storePorts" -}}
{{- $external := (.Values.store).external | default dict -}}
{{- $sentinels := ($external.sentinel).nodes | default list -}}
{{- $nodes := ($external.cluster).nodes | default list -}}
{{- if ((.Values.networkPolicy).externalStore).ports -}}
{{- toJson .Values.networkPolicy.externalStore.ports -}}
{{- else if $sentinels -}}
{{- $found := include "millrace.network.portsOf" (dict "addresses" $sentinels "default" 26379) | fromJsonArray -}}
{{- toJson (uniq (append $found 6379)) -}}
{{- else if $nodes -}}
{{- include "millrace.network.portsOf" (dict "addresses" $nodes "default" 6379) -}}
{{- else -}}
{{- include "millrace.network.portsOf" (dict "addresses" (list ($external.url | default "")) "default" 6379) -}}
{{- end -}}
{{- end -}}

{{/* Argument: $. */}}
{{- define "millrace.network.toStore" -}}
{{- if include "millrace.hasEvaluationStore" . -}}
{{- $to := include "millrace.network.pods" (dict "root" . "components" (list "store")) -}}
{{- include "millrace.network.egress" (dict "ports" (include "millrace.network.ports" (dict "ports" (list 6379))) "to" $to) -}}
{{- else -}}
{{- $ports := include "millrace.network.storePorts" . | fromJsonArray -}}
{{- $to := include "millrace.network.peers" ((.Values.networkPolicy).externalStore).to -}}
{{- include "millrace.network.egress" (dict "ports" (include "millrace.network.ports" (dict "ports" $ports)) "to" $to) -}}
{{- end -}}
{{- end -}}

{{/* Spans, metrics and logs: to the bundled Jaeger, or to `telemetry.endpoint`. Argument: $. */}}
{{- define "millrace.network.toTelemetry" -}}
{{- $telemetry := .Values.telemetry | default dict -}}
{{- $otlp := (.Values.networkPolicy).otlp | default dict -}}
{{- if and $telemetry.endpoint (or $telemetry.enabled (.Values.jaeger).enabled) -}}
{{- $default := ternary 443 (ternary 4317 4318 (eq $telemetry.protocol "grpc")) (hasPrefix "https:" $telemetry.endpoint) -}}
{{- $found := include "millrace.network.portsOf" (dict "addresses" (list $telemetry.endpoint) "default" $default) | fromJsonArray -}}
{{- $ports := include "millrace.network.ports" (dict "ports" ($otlp.ports | default $found)) -}}
{{ include "millrace.network.egress" (dict "ports" $ports "to" (include "millrace.network.peers" $otlp.to)) }}
{{- else if (.Values.jaeger).enabled -}}
{{- $to := include "millrace.network.pods" (dict "root" . "components" (list "jaeger")) -}}
{{ include "millrace.network.egress" (dict "ports" (include "millrace.network.ports" (dict "ports" (list 4317 4318))) "to" $to) }}
{{- end -}}
{{- end -}}

{{/* Who may read health and metrics. Probes come from the node, which no policy stops. Argument: $. */}}
{{- define "millrace.network.fromMetrics" -}}
{{- $from := include "millrace.network.peers" ((.Values.networkPolicy).metrics).from -}}
{{- include "millrace.network.ingress" (dict "ports" (include "millrace.network.ports" (dict "ports" (list 9464))) "from" $from) -}}
{{- end -}}

{{/* A whole policy. Arguments: dict "root" $ "component" NAME "ingress" (YAML text) "egress" (YAML text). */}}
{{- define "millrace.network.policy" -}}
{{- $settings := (.root.Values.networkPolicy) | default dict -}}
{{- $own := index $settings .component | default dict -}}
{{- $ingress := list .ingress (include "millrace.network.peers" $own.extraIngress) | compact | join "\n" -}}
{{- $egress := list .egress (include "millrace.network.peers" $own.extraEgress) | compact | join "\n" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "millrace.metadata" (dict "root" .root "component" .component "annotations" $settings.annotations) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "millrace.selectorLabels" (dict "root" .root "component" .component) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: {{- if $ingress }}{{ $ingress | nindent 4 }}{{ else }} []{{ end }}
  egress: {{- if $egress }}{{ $egress | nindent 4 }}{{ else }} []{{ end }}
{{- end -}}
