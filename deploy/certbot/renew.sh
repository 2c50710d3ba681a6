#!/bin/sh
# Get the certificate of NGINX_SERVER_NAME, or renew it when its last third has begun. nginx serves the proof from ACME_ROOT.
set -eu
exec certbot certonly --non-interactive --agree-tos --email "$ACME_EMAIL" --keep-until-expiring \
    --webroot --webroot-path "${ACME_ROOT:-/acme}" --domain "$NGINX_SERVER_NAME" \
    --deploy-hook "$(dirname "$0")/install.sh" "$@"
