#!/bin/sh
# Make compose.env (mode 600) with fresh secrets, unless it exists.
set -eu
cd "$(dirname "$0")/.."
[ ! -e compose.env ] || { echo "compose.env exists already"; exit 0; }
umask 077
while IFS= read -r line; do
    case $line in
        *_KEY= | *_PASSWORD= | *_TOKEN=) line=$line$(head -c 48 /dev/urandom | base64 | tr -d '/+=\n') ;;
    esac
    printf '%s\n' "$line"
done <deploy/compose.env.example >compose.env.part
mv compose.env.part compose.env
echo "Made compose.env. Fill in ALLOWED_HOSTS, NGINX_SERVER_NAME, CSRF_TRUSTED_ORIGINS and TLS_FOLDER."
