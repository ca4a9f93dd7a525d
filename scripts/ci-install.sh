#!/usr/bin/env bash
# Installs what the tests need in addition to Node, Go and Rust: InfluxDB 1.x, VictoriaMetrics, NATS, Prometheus
# and Alertmanager, nginx, tshark, strace, openssl, libfaketime, Tor, i2pd, Chromium with a font, programs for
# containers (busybox, curl, iproute2, util-linux), a C compiler, Python with duckdb and matplotlib, btcd,
# Telegraf, and the judge of the encrypted transport. For Debian and systems based on it.
set -euo pipefail

BTCD_VERSION=0.26.0
TELEGRAF_VERSION=1.37.2

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

missing=()
command -v influxd >/dev/null || missing+=(influxdb)
command -v tshark >/dev/null || missing+=(tshark)
command -v strace >/dev/null || missing+=(strace)
command -v victoria-metrics >/dev/null || missing+=(victoria-metrics)
command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || missing+=(nats-server)
command -v tor >/dev/null || [ -x /usr/sbin/tor ] || missing+=(tor)
command -v openssl >/dev/null || missing+=(openssl)
command -v promtool >/dev/null || missing+=(prometheus)
command -v prometheus-alertmanager >/dev/null || missing+=(prometheus-alertmanager)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
command -v busybox >/dev/null || missing+=(busybox)
command -v curl >/dev/null || missing+=(curl)
command -v ip >/dev/null || [ -x /usr/sbin/ip ] || missing+=(iproute2)
command -v unshare >/dev/null || missing+=(util-linux)
command -v i2pd >/dev/null || [ -x /usr/sbin/i2pd ] || missing+=(i2pd)
# The judge of the encrypted transport has libsecp256k1 in it.
command -v cc >/dev/null || missing+=(gcc libc6-dev)
# libfaketime is a library without a command.
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
command -v chromium >/dev/null || missing+=(chromium)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
# Without a font Chromium draws boxes instead of letters.
[ -d /usr/share/fonts/truetype/dejavu ] || missing+=(fonts-dejavu-core)
if [ "${#missing[@]}" -gt 0 ]; then
  echo "== apt-get install ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
  # Debian's packages may start servers. Each test starts its own servers, so these are stopped.
  for service in influxdb victoria-metrics nats-server prometheus prometheus-node-exporter \
    prometheus-alertmanager nginx tor i2pd; do
    as_root service "$service" stop >/dev/null 2>&1 || true
  done
fi

cache="${XDG_CACHE_HOME:-$HOME/.cache}/btcdmon-node"

# Of the packages that docs/examples need, Debian lacks one. test/support/python.ts looks for them here.
if ! "$cache/python/bin/python3" -c 'import duckdb, matplotlib' 2>/dev/null; then
  echo "== pip install duckdb matplotlib"
  python3 -m venv "$cache/python"
  "$cache/python/bin/pip" install -q --only-binary :all: duckdb matplotlib
fi

# test/support/btcd.ts looks for btcd here.
bin="$cache/bin"
if ! command -v btcd >/dev/null && [ ! -x "$bin/btcd" ]; then
  command -v go >/dev/null || { echo "btcd $BTCD_VERSION needs Go 1.25 or newer to be installed" >&2; exit 1; }
  echo "== go install btcd $BTCD_VERSION"
  mkdir -p "$bin"
  GOBIN="$bin" go install "github.com/btcsuite/btcd@v$BTCD_VERSION"
fi

# Telegraf is not in Debian. It is built with the plugins of config/telegraf*.conf only, which takes a minute
# of processor time.
if ! command -v telegraf >/dev/null && [ ! -x "$bin/telegraf" ]; then
  command -v go >/dev/null || { echo "telegraf $TELEGRAF_VERSION needs Go 1.25 or newer to be built" >&2; exit 1; }
  echo "== go install telegraf $TELEGRAF_VERSION"
  mkdir -p "$bin"
  GOBIN="$bin" go install \
    -tags custom,inputs.socket_listener,outputs.influxdb,outputs.kafka,parsers.influx,serializers.influx \
    "github.com/influxdata/telegraf/cmd/telegraf@v$TELEGRAF_VERSION"
fi

# test/support/rust-judge.ts builds it here as well. The first time that takes a minute of processor time.
cargo=$(command -v cargo || true)
[ -n "$cargo" ] || cargo="$HOME/.cargo/bin/cargo"
[ -x "$cargo" ] || { echo "the judge of the encrypted transport needs Rust 1.74 or newer (https://rustup.rs)" >&2; exit 1; }
echo "== cargo build rust-judge"
(cd "$(dirname "$0")/../test/support/rust-judge" &&
  "$cargo" build --release --locked --quiet --target-dir "$(dirname "$bin")/rust-judge")
