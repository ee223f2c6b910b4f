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

{{/* A component's values over `defaults`, as YAML. Arguments: dict "root" $ "component" producer|supervisor. */}}
{{- define "millrace.component" -}}
{{- include "millrace.overlay" (list .root.Values.defaults (get .root.Values .component)) -}}
{{- end -}}
