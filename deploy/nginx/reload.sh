#!/bin/sh
# Reload nginx when its certificate has changed. The nginx image runs this before it becomes nginx, which is process 1.
certificate=$NGINX_TLS_CERTIFICATE
(
    known=$(cksum <"$certificate")
    while sleep "${NGINX_RELOAD_SECONDS:-60}"; do
        found=$(cksum <"$certificate") || continue
        [ "$found" = "$known" ] || { kill -HUP "${NGINX_PID:-1}" && known=$found; }
    done
) &
