#!/bin/sh
# Make compose.env (settings) and secrets/ (a file for each secret), unless they exist. Only the owner may enter
# secrets/; the files in it are readable, because containers see them through mounts, as users of their own.
set -eu
cd "$(dirname "$0")/.."
umask 077
made=
if [ ! -e compose.env ]; then
    cat deploy/compose.env.example >compose.env.part
    mv compose.env.part compose.env
    made=compose.env
fi
mkdir -p secrets

make() { # NAME VALUE
    [ ! -e "secrets/$1" ] || return 0
    printf %s "$2" >"secrets/$1.part"
    chmod 644 "secrets/$1.part"
    mv "secrets/$1.part" "secrets/$1"
    made="$made secrets/$1"
}
for name in secret_key jwt_signing_key webhook_encryption_key postgres_password database_password database_owner_password redis_password \
    metrics_token grafana_password django_superuser_password restic_password; do
    # An older compose.env has them: they move.
    variable=$(echo "$name" | tr '[:lower:]' '[:upper:]')
    former=$(sed -n "s/^$variable=//p" compose.env)
    make "$name" "${former:-$(head -c 48 /dev/urandom | base64 | tr -d '/+=\n')}"
    [ -z "$former" ] || { sed "/^$variable=/d" compose.env >compose.env.part && mv compose.env.part compose.env; }
done
# Former keys, while they are rotated: docs/operations.md.
make secret_key_fallbacks ""
make jwt_verifying_keys_fallback ""
make webhook_encryption_keys_fallback ""
# What only you know.
make alert_webhook_url ""
make operator_secrets ""
make s3_credentials ""

[ -n "$made" ] || { echo "compose.env and secrets/ exist already"; exit 0; }
echo "Made $made"
echo "Fill in ALLOWED_HOSTS, NGINX_SERVER_NAME, CSRF_TRUSTED_ORIGINS and TLS_FOLDER in compose.env, and secrets/alert_webhook_url."
