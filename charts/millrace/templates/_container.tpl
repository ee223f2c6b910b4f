{{/* OTEL_… of every service, as a YAML list. Off is off. Argument: $. */}}
{{- define "millrace.telemetryEnv" -}}
{{- $telemetry := .Values.telemetry | default dict -}}{{- $jaeger := (.Values.jaeger).enabled -}}
{{- if or $telemetry.enabled $jaeger -}}
{{- $bundled := printf "http://%s-jaeger.%s.svc:4318" (include "millrace.fullname" .) (include "millrace.namespace" .) }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $telemetry.endpoint | default $bundled | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ $telemetry.protocol | default "http/protobuf" | quote }}
{{- range $signal := list "traces" "metrics" "logs" }}
{{- $isOn := ne (toString (get $telemetry $signal)) "false" }}
{{- /* The bundled Jaeger takes traces only. */}}
{{- if and (not $telemetry.endpoint) (ne $signal "traces") }}{{- $isOn = false }}{{- end }}
- name: OTEL_{{ upper $signal }}_EXPORTER
  value: {{ $isOn | ternary "otlp" "none" }}
{{- end }}
{{- with ($telemetry.headersSecret).name }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ ($telemetry.headersSecret).key | default "headers" }}
{{- end }}
{{- with $telemetry.sampler }}
- name: OTEL_TRACES_SAMPLER
  value: {{ . | quote }}
{{- end }}
{{- with $telemetry.samplerArg }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ . | quote }}
{{- end }}
{{- else }}
- name: OTEL_SDK_DISABLED
  value: 'true'
{{- end }}
{{- end -}}

{{/* What a resource of telemetry is called; refers to the downward variables before it. */}}
{{- define "millrace.resourceEnv" -}}
{{- $attributes := list "service.namespace=$(MILLRACE_NAMESPACE)" "service.instance.id=$(MILLRACE_POD_UID)" "k8s.namespace.name=$(MILLRACE_NAMESPACE)" "k8s.pod.name=$(MILLRACE_POD_NAME)" "k8s.pod.uid=$(MILLRACE_POD_UID)" "k8s.node.name=$(MILLRACE_NODE_NAME)" (printf "k8s.deployment.name=%s" (include "millrace.componentName" .)) (printf "k8s.container.name=%s" .component) -}}
{{- range $name, $value := (.root.Values.telemetry).resourceAttributes | default dict -}}
{{- $attributes = append $attributes (printf "%s=%s" $name (toString $value)) -}}
{{- end -}}
- name: OTEL_SERVICE_NAME
  value: millrace-{{ .component }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ join "," $attributes | quote }}
{{- end -}}

{{/* Our variables, as a YAML list. Arguments: dict "root" $ "component" NAME "values" (dict). */}}
{{- define "millrace.env" -}}
{{- $root := .root -}}
- name: MILLRACE_CONFIG
  value: /etc/millrace/config/config.yaml
{{- range $name, $path := dict "MILLRACE_POD_NAME" "metadata.name" "MILLRACE_POD_UID" "metadata.uid" "MILLRACE_NAMESPACE" "metadata.namespace" "MILLRACE_NODE_NAME" "spec.nodeName" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $path }}
{{- end }}
- name: MILLRACE_RELEASE
  value: {{ $root.Release.Name | quote }}
{{- if eq .component "supervisor" }}
# What its Role lets it write, and whose pods it looks after.
- name: MILLRACE_FULLNAME
  value: {{ include "millrace.fullname" $root | quote }}
- name: MILLRACE_APP_NAME
  value: {{ include "millrace.name" $root | quote }}
{{- end }}
{{- if eq .component "producer" }}
- name: MILLRACE_TOKENS_FILE
  value: /etc/millrace/tokens/tokens
{{- else }}
- name: MILLRACE_LINK_KEY_FILE
  value: /etc/millrace/link/key
{{- end }}
{{- if eq .component "worker" }}
- name: MILLRACE_SUPERVISORS
  value: {{ include "millrace.fullname" $root }}-supervisors.{{ include "millrace.namespace" $root }}.svc:9470
# Without a CPU limit, what is asked for says how many processes there are.
- name: MILLRACE_CPU_REQUEST
  valueFrom:
    resourceFieldRef:
      resource: requests.cpu
      divisor: 1m
{{- end }}
{{- with .values.handlers }}
- name: MILLRACE_HANDLERS
  value: {{ . | quote }}
{{- end }}
{{ include "millrace.resourceEnv" . }}
{{- include "millrace.telemetryEnv" $root }}
{{- end -}}

{{/* Our volumes, as a YAML list. Arguments: dict "root" $ "component" NAME ["pool" NAME]. */}}
{{- define "millrace.volumes" -}}
- name: config
  configMap:
    name: {{ include "millrace.componentName" . }}-config
- name: tmp
  emptyDir: {}
{{- if eq .component "producer" }}
- name: tokens
  secret:
    secretName: {{ include "millrace.tokenHashesSecret" .root }}
    defaultMode: 288
    items:
      - key: {{ include "millrace.tokenHashesKey" .root }}
        path: tokens
{{- else }}
- name: link
  secret:
    secretName: {{ include "millrace.authSecret" .root }}
    defaultMode: 288
    items:
      - key: {{ include "millrace.authKey" (dict "root" .root "key" "linkKey") }}
        path: key
{{- end }}
{{- with include "millrace.storeVolumes" .root | fromYamlArray }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Where they are mounted. */}}
{{- define "millrace.volumeMounts" -}}
- name: config
  mountPath: /etc/millrace/config
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if eq .component "producer" }}
- name: tokens
  mountPath: /etc/millrace/tokens
  readOnly: true
{{- else }}
- name: link
  mountPath: /etc/millrace/link
  readOnly: true
{{- end }}
{{- range include "millrace.storeVolumes" .root | fromYamlArray }}
- name: {{ .name }}
  mountPath: /etc/millrace/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{/* A container's resources without those that null takes away. Argument: the values. */}}
{{- define "millrace.resources" -}}
{{- $out := deepCopy . -}}
{{- range $kind := list "limits" "requests" -}}
{{- range $name, $quantity := get $out $kind | default dict -}}
{{- if kindIs "invalid" $quantity -}}{{- $_ := set $out $kind (omit (get $out $kind) $name) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/* A list of ours with a list of the values over it. Arguments: dict "ours" TEXT "theirs" LIST "key" NAME. */}}
{{- define "millrace.withTheirs" -}}
{{- include "millrace.byName" (dict "lists" (list (fromYamlArray .ours) (.theirs | default list)) "key" .key) -}}
{{- end -}}

{{/* The container of a service, and the pod's volumes. Arguments: those of the pod, and "args" (list), "ports" (dict). */}}
{{- define "millrace.containers" -}}
containers:
  - name: {{ .component }}
    {{- include "millrace.image" (dict "root" .root "image" .values.image) | nindent 4 }}
    args:
      {{- toYaml .args | nindent 6 }}
    env:
      {{- include "millrace.withTheirs" (dict "ours" (include "millrace.env" .) "theirs" .values.extraEnv "key" "name") | nindent 6 }}
    {{- with .values.extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      {{- range $name, $port := .ports }}
      - name: {{ $name }}
        containerPort: {{ $port }}
      {{- end }}
    {{- include "millrace.probes" . | trim | nindent 4 }}
    {{- with .values.lifecycle }}
    lifecycle:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .values.resources }}
    resources:
      {{- include "millrace.resources" . | nindent 6 }}
    {{- end }}
    securityContext:
      {{- include "millrace.containerSecurityContext" . | nindent 6 }}
    volumeMounts:
      {{- include "millrace.withTheirs" (dict "ours" (include "millrace.volumeMounts" .) "theirs" .values.extraVolumeMounts "key" "mountPath") | nindent 6 }}
  {{- with .values.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  {{- include "millrace.withTheirs" (dict "ours" (include "millrace.volumes" .) "theirs" .values.extraVolumes "key" "name") | nindent 2 }}
{{- end -}}
