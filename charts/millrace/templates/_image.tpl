{{/* An image's reference. Arguments: dict "root" $ "image" (dict) ["repository" NAME "tag" TAG] (where it has none). */}}
{{- define "millrace.imageOf" -}}
{{- $image := .image | default dict -}}
{{- $registry := (.root.Values.global).imageRegistry | default $image.registry -}}
{{- $name := $image.repository | default .repository -}}
{{- with $registry -}}{{- $name = printf "%s/%s" (trimSuffix "/" .) $name -}}{{- end -}}
{{- if $image.digest -}}{{ printf "%s@%s" $name $image.digest }}{{- else -}}{{ printf "%s:%s" $name (toString ($image.tag | default .tag)) }}{{- end -}}
{{- end -}}

{{/* The product's image, with what a component says over it, as YAML. Arguments: dict "root" $ "image" (dict). */}}
{{- define "millrace.productImage" -}}
{{- $base := deepCopy (.root.Values.image | default dict) -}}
{{- if or (.image).tag (.image).repository -}}{{- $_ := unset $base "digest" -}}{{- end -}}
{{- $image := mergeOverwrite $base (deepCopy (.image | default dict)) -}}
{{- $_ := set $image "tag" ($image.tag | default .root.Chart.AppVersion) -}}
{{- toYaml $image -}}
{{- end -}}

{{/* The lines `image` and `imagePullPolicy` of a container of the product. */}}
{{- define "millrace.image" -}}
{{- $image := include "millrace.productImage" . | fromYaml -}}
image: {{ include "millrace.imageOf" (dict "root" .root "image" $image "repository" "millrace/millrace") | quote }}
imagePullPolicy: {{ $image.pullPolicy | default "IfNotPresent" }}
{{- end -}}
