{{/*
Lists of named things, one over the other: a later thing takes the place of an earlier one with the same name.
Helm 4 applies server-side, where a name that stands twice fails the upgrade.
Arguments: dict "lists" (list …) "key" "name".
*/}}
{{- define "millrace.byName" -}}
{{- $key := .key -}}{{- $things := dict -}}{{- $names := list -}}
{{- range .lists -}}
{{- range . -}}
{{- $name := toString (get . $key) -}}
{{- if not (hasKey $things $name) -}}{{- $names = append $names $name -}}{{- end -}}
{{- $_ := set $things $name . -}}
{{- end -}}
{{- end -}}
{{- $all := list -}}
{{- range $names -}}{{- $all = append $all (get $things .) -}}{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* Values of one component over those of another: maps merge, named lists by name, other lists add up. Argument: a list. */}}
{{- define "millrace.overlay" -}}
{{- $out := dict -}}
{{- range . -}}{{- $out = mergeOverwrite $out (deepCopy (. | default dict)) -}}{{- end -}}
{{- $layers := . -}}
{{- range $field, $key := dict "extraEnv" "name" "extraVolumes" "name" "extraVolumeMounts" "mountPath" "extraContainers" "name" "initContainers" "name" -}}
{{- $lists := list -}}
{{- range $layers -}}{{- $lists = append $lists (get (. | default dict) $field | default list) -}}{{- end -}}
{{- $_ := set $out $field (include "millrace.byName" (dict "lists" $lists "key" $key) | fromYamlArray) -}}
{{- end -}}
{{- range $field := list "tolerations" "extraEnvFrom" -}}
{{- $all := list -}}
{{- range $layers -}}{{- $all = concat $all (get (. | default dict) $field | default list) -}}{{- end -}}
{{- $_ := set $out $field $all -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/*
What a template reckons with, where the values say nothing of it: null takes a default of values.yaml away, and values of an
older chart (--reuse-values) do not have it.
*/}}
{{- define "millrace.defaults" -}}
producer:
  replicas: 2
  terminationGracePeriodSeconds: 45
  lingerMs: 5000
  drain: {timeoutMs: 30000}
supervisor:
  replicas: 2
  terminationGracePeriodSeconds: 30
worker:
  replicas: 1
  standby: 1
  terminationGracePeriodSeconds: 120
  resources: {}
  autoscaling:
    hpa:
      minReplicas: 1
      maxReplicas: 10
      metricName: millrace_pool_desired_replicas
    keda:
      minReplicas: 0
      maxReplicas: 10
      pollingInterval: 5
      cooldownPeriod: 60
      initialCooldownPeriod: 0
      activationThreshold: 0
{{- end -}}

{{/* `values` where they say something, else `defaults`, key by key, as YAML. Arguments: list VALUES DEFAULTS. */}}
{{- define "millrace.filled" -}}
{{- $values := index . 0 -}}
{{- range $key, $default := index . 1 -}}
{{- $value := get $values $key -}}
{{- if or (kindIs "invalid" $value) (not (hasKey $values $key)) -}}{{- $_ := set $values $key $default -}}
{{- else if and (kindIs "map" $default) (kindIs "map" $value) -}}
{{- $_ := set $values $key (include "millrace.filled" (list $value $default) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{/* A component's values over each other. Arguments: dict "component" NAME "layers" (list, the last one wins). */}}
{{- define "millrace.layered" -}}
{{- $values := include "millrace.overlay" .layers | fromYaml -}}
{{- include "millrace.filled" (list $values (get (include "millrace.defaults" . | fromYaml) .component | default dict)) -}}
{{- end -}}

{{/* A component's values over `defaults`, as YAML. Arguments: dict "root" $ "component" producer|supervisor|tests. */}}
{{- define "millrace.component" -}}
{{- include "millrace.layered" (dict "component" .component "layers" (list .root.Values.defaults (get .root.Values .component))) -}}
{{- end -}}
