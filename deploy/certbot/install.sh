#!/bin/sh
# certbot's deploy hook: put key and certificate where nginx reads them, each whole, the certificate last.
set -eu
umask 077
folder=${TLS_FOLDER:-/tls}
cp "$RENEWED_LINEAGE/privkey.pem" "$folder/tls.key.part"
cp "$RENEWED_LINEAGE/fullchain.pem" "$folder/tls.crt.part"
mv "$folder/tls.key.part" "$folder/tls.key"
mv "$folder/tls.crt.part" "$folder/tls.crt"
