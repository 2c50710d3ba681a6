#!/bin/sh
# As the real image: templates are filled in from the environment, variables that it lacks are left as they are.
set -eu
for template in /etc/nginx/templates/*.template; do
    [ -e "$template" ] || continue
    [ -w /etc/nginx/conf.d ] || { echo "/etc/nginx/conf.d is not writable" >&2; break; }
    target=/etc/nginx/conf.d/$(basename "$template" .template)
    envsubst "$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')" <"$template" >"$target"
done
for script in /docker-entrypoint.d/*.sh; do
    [ ! -x "$script" ] || "$script"
done
exec "$@"
