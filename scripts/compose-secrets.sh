#!/bin/sh
# Makes the files that docker-compose.yml needs: passwords and tokens in secrets/, each different, self-signed
# certificates if there are none, and .env. Existing files are not changed: delete a file to have it
# made again. Prints no secret.
# Usage: sh scripts/compose-secrets.sh [NAME]    NAME: the host name of nginx's certificate, default localhost
set -eu
cd "$(dirname "$0")/.."
umask 077
name=${1:-localhost}
case $name in
  *[!A-Za-z0-9.-]* | '' | -*) echo "compose-secrets: $name: give a host name, such as monitor.example.org" >&2; exit 2 ;;
esac
command -v openssl >/dev/null || { echo "compose-secrets: openssl is needed to make secrets; install it" >&2; exit 1; }

# The containers run as the owner of the secrets. That must not be root.
uid=$(id -u) gid=$(id -g)
if [ "$uid" -eq 0 ]; then uid=10001 gid=10001; fi

mkdir -p secrets
# Gives the finished file its name. An interrupted run leaves no half-written secret under that name.
keep() {
  if [ -e "secrets/$1" ]; then rm -f secrets/.new; echo "secrets/$1: is there"; return; fi
  mv secrets/.new "secrets/$1"
  echo "secrets/$1: made"
}
for secret in influx_admin_password influx_writer_password influx_reader_password grafana_admin_password page_token \
  web_password nats_node_password nats_collector_password btcd_rpc_password; do
  # No line end is written, because not every reader removes it.
  printf %s "$(openssl rand -hex 24)" >secrets/.new
  keep "$secret"
done

printf 'admin:%s\n' "$(openssl passwd -apr1 -stdin <secrets/web_password)" >secrets/.new
keep web_htpasswd

cat >secrets/.new <<END
authorization { users: [
  { user: "node", password: "$(cat secrets/nats_node_password)",
    permissions: { publish: ["BTCDMON.>", "\$JS.API.STREAM.INFO.BTCDMON"], subscribe: "_INBOX.>" } }
  { user: "collector", password: "$(cat secrets/nats_collector_password)" }
] }
END
keep nats_auth

# Lines of btcd.conf. btcd's limited user can't see its peers.
printf 'rpcuser=monitor\nrpcpass=%s\n' "$(cat secrets/btcd_rpc_password)" >secrets/.new
keep btcd_rpc_login

# Makes a certificate and its key: the beginning of their names, the host name in it, and its days.
certify() {
  if [ -e "secrets/$1_certificate" ] || [ -e "secrets/$1_key" ]; then
    echo "secrets/$1_certificate, secrets/$1_key: is there"
    return
  fi
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$3" -subj "/CN=$2" \
    -addext "subjectAltName=DNS:$2" -keyout secrets/.key -out secrets/.new 2>/dev/null
  keep "$1_certificate"
  mv secrets/.key secrets/.new
  keep "$1_key"
}
certify tls "$name" 825
# The monitor trusts this certificate alone. btcd would make one itself, also for ten years, but the monitor starts
# before btcd.
certify btcd_rpc btcd 3650

if [ ! -e .env ]; then
  sed -e "s/^BTCDMON_UID=.*/BTCDMON_UID=$uid/" -e "s/^BTCDMON_GID=.*/BTCDMON_GID=$gid/" .env.example >.env
  echo ".env: made"
else
  echo ".env: is there"
fi
if [ "$(id -u)" -eq 0 ]; then chown -R "$uid:$gid" secrets; fi
echo "Users: admin of Grafana with secrets/grafana_admin_password, admin of the web with secrets/web_password; secrets/page_token opens the page."
