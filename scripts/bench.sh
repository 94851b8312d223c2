#!/usr/bin/env bash
# bench.sh [CASE...] - relay throughput: smtp-source -> server -> smtp-sink, Postrider beside Postfix, both syncing
# before every 250. Cases: a b c d (all four by default), s, e, r and t. Medians of three runs; docs/performance.md explains.
#
#   a   10 KB messages, 20 sessions, a connection for each message
#   b   the same, sessions kept
#   c   100 KB messages, 20 sessions
#   d   2 KB messages to 50 recipients each, 20 sessions
#   s   as a, signing: Postrider with RSA-2048 and Ed25519, Postfix through OpenDKIM with RSA-2048 alone
#   e   as s, but the mail of an account: Postrider alone, whose events, counters and quota are part of each commit; put it
#       beside s
#   r   REST: what is accepted onto disk by POST /api/send, batch and bulk, beside what Postfix accepts by SMTP in 32
#       sessions; both deliver to the sink meanwhile, and Postrider signs what it delivers
#   t   tracking: pictures asked for and links followed, beside nginx giving a file; all hits must be counted in the end
#
# Needs root (a network namespace of its own, so that nobody asks a real resolver; a cgroup to measure by) and what
# `scripts/setup.sh bench` installs. BENCH_DIR: a folder on the disk to measure (a temporary one by default);
# BENCH_MESSAGES: messages per run (3000; c takes a third, d a tenth); BENCH_PEER=0 leaves Postfix out.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
postrider=${CARGO_TARGET_DIR:-$HOME/.cache/postrider/target}/release/postrider
messages=${BENCH_MESSAGES:-3000}

[ "$(id -u)" = 0 ] || { echo "bench.sh needs root" >&2; exit 1; }
[ -x "$postrider" ] || { echo "bench.sh: build first: make build" >&2; exit 1; }
if [ -z "${BENCH_INSIDE:-}" ]; then
  exec env BENCH_INSIDE=1 unshare --net --mount "$0" "$@"
fi
ip link set lo up
echo 'nameserver 127.0.0.1' >/run/bench-resolv.conf
mount --bind /run/bench-resolv.conf /etc/resolv.conf

dir=${BENCH_DIR:-$(mktemp -d /var/tmp/postrider-bench.XXXXXX)}
mkdir -p "$dir" && chmod 755 "$dir"
group=/sys/fs/cgroup/postrider-bench
[ -e /sys/fs/cgroup/cgroup.controllers ] || group=/sys/fs/cgroup/cpuacct/postrider-bench
mkdir -p "$group"

finish() {
  stop_postrider
  stop_tracked
  stop_postfix
  rmdir "$group" 2>/dev/null || true
  [ -n "${BENCH_DIR:-}" ] || rm -rf "$dir"
}

# A server is started from a shell that has put itself into the cgroup, which its processes then inherit.
in_group() { bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$@"; }

start_postrider() {
  local signing=${1:-} config=$dir/postrider.toml owner= tracking=
  rm -rf "$dir/data"
  if [ "$signing" = _tracking ]; then signing= tracking='tracking_url = "http://127.0.0.1:8080"'; fi
  if [ "$signing" = _account ]; then signing= owner='account = "a@bench.test"'; fi
  cat >"$config" <<CONFIGURATION
[server]
hostname = "postrider.bench.test"
data_dir = "$dir/data"

[[listener]]
name = "relay"
kind = "relay"
address = "127.0.0.1:2500"
trusted = ["127.0.0.0/8"]
$owner

[[route]]
domain = "*"
to = "[127.0.0.1]:2525"

[delivery]
messages_per_connection = 1000

[api]
address = "127.0.0.1:8080"
rate_limit = 1000000000
$tracking
CONFIGURATION
  [ -z "$signing" ] || signing_keys >>"$config"
  # Not through in_group: of a function in the background the shell knows only the process around it.
  bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$postrider" --config "$config" serve \
    >"$dir/postrider.log" 2>&1 &
  server=$!
  local tries=0
  until curl -fsS http://127.0.0.1:8025/health/ready >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries = 200 ]; then cat "$dir/postrider.log" >&2; exit 1; fi
    sleep 0.05
  done
}

# The account a@bench.test, whose domain is bench.test; prints its key.
add_account() {
  local cli=("$postrider" --config "$dir/postrider.toml" --json)
  "${cli[@]}" customer add a@bench.test | python3 -c 'import json, sys; print(json.load(sys.stdin)["api_key"])'
  "${cli[@]}" domain add a@bench.test bench.test --trusted >/dev/null
}

# smtp-source writes no From: with a domain of ours unless told: -f a@bench.test is also its header.
signing_keys() {
  rm -rf "$dir/dkim"
  mkdir -p "$dir/dkim"
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/dkim/rsa.pem" 2>/dev/null \
    || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/dkim/rsa.pem" 2>/dev/null
  openssl genpkey -algorithm ed25519 -out "$dir/dkim/ed25519.pem"
  chmod 600 "$dir"/dkim/*.pem
  for kind in rsa ed25519; do
    printf '\n[[dkim]]\ndomain = "bench.test"\nselector = "%s"\nprivate_key = "%s"\n' "$kind" "$dir/dkim/$kind.pem"
  done
}

stop_postrider() {
  if [ -n "${server:-}" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  server=
}

start_postfix() {
  in_group "$here/bench/postfix-peer.sh" start "$dir/postfix" 2500 2525 >/dev/null 2>&1
}

# Postfix signs through a filter that every message passes before its 250.
start_postfix_signing() {
  signing_keys >/dev/null
  cat >"$dir/opendkim.conf" <<CONFIGURATION
Mode s
Domain bench.test
Selector rsa
KeyFile $dir/dkim/rsa.pem
Canonicalization relaxed/relaxed
OversignHeaders From
Socket inet:8891@127.0.0.1
InternalHosts 127.0.0.0/8
RequireSafeKeys no
Background no
Syslog no
CONFIGURATION
  bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" opendkim -x "$dir/opendkim.conf" &
  filter=$!
  start_postfix
  postconf -c "$dir/postfix/etc" -e smtpd_milters=inet:127.0.0.1:8891 milter_default_action=tempfail
  in_group postfix -c "$dir/postfix/etc" reload >/dev/null 2>&1
  sleep 1
}

stop_postfix() {
  "$here/bench/postfix-peer.sh" stop "$dir/postfix" >/dev/null 2>&1 || true
  if [ -n "${filter:-}" ]; then kill "$filter" 2>/dev/null || true; wait "$filter" 2>/dev/null || true; fi
  filter=
}

# relay LABEL CASE
relay() {
  local options=()
  case $2 in
    a | s | e) options=(-n "$messages" -l 10240) ;;
    b) options=(-n "$messages" -l 10240 -d) ;;
    c) options=(-n $((messages / 3)) -l 102400) ;;
    d) options=(-n $((messages / 10)) -l 2048 -r 50) ;;
    *) echo "bench.sh: no case $2" >&2; exit 2 ;;
  esac
  "$here/bench/relay-bench.sh" -g "$group" -L "$1 ($2)" "${options[@]}" $head
  head=
}

# What Postfix accepts is a column of its row; what REST accepts has lines of its own.
rest() {
  if [ "${BENCH_PEER:-1}" = 1 ]; then
    start_postfix
    "$here/bench/relay-bench.sh" -g "$group" -L "Postfix (r)" -n "$messages" -s 32 -l 10240 -H
    stop_postfix
  fi
  start_postrider
  smtp-sink -u nobody 127.0.0.1:2525 1000 >/dev/null 2>&1 &
  sink=$!
  local key
  key=$(add_account)
  echo
  python3 "$here/bench/rest.py" http://127.0.0.1:8080 "$key" http://127.0.0.1:8025/metrics "$dir/data" 3
  kill "$sink"; wait "$sink" 2>/dev/null || true
  sink=
  stop_postrider
}

# The mail that carries the links and pictures arrives in files.
tracking() {
  rm -rf "$dir/mail" "$dir/www"
  mkdir -p "$dir/mail" "$dir/www"
  chmod 777 "$dir/mail"
  printf '%043d' 0 >"$dir/www/pixel.gif"
  cat >"$dir/nginx.conf" <<CONFIGURATION
daemon off;
worker_processes auto;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { }
http {
  access_log off;
  keepalive_requests 1000000000;
  default_type image/gif;
  server { listen 127.0.0.1:8090; root $dir/www; }
}
CONFIGURATION
  nginx -p "$dir" -e "$dir/nginx.log" -c "$dir/nginx.conf" &
  files=$!
  smtp-sink -u nobody -d "$dir/mail/%H%M%S." 127.0.0.1:2525 1000 >/dev/null 2>&1 &
  sink=$!
  start_postrider _tracking
  local key
  key=$(add_account)
  python3 "$here/bench/tracking.py" http://127.0.0.1:8080 "$key" http://127.0.0.1:8090 "$dir/mail" "${BENCH_REPEATS:-3}"
  stop_postrider
  stop_tracked
}

stop_tracked() {
  for other in ${files:-} ${sink:-}; do kill "$other" 2>/dev/null || true; wait "$other" 2>/dev/null || true; done
  files= sink=
}

trap finish EXIT
cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(a b c d)
head=-H
for case in "${cases[@]}"; do
  if [ "$case" = r ]; then rest; continue; fi
  if [ "$case" = t ]; then tracking; continue; fi
  signing=
  [ "$case" != s ] || signing=_signing
  [ "$case" != e ] || signing=_account
  if [ "${BENCH_PEER:-1}" = 1 ] && [ "$case" != e ]; then
    start_postfix$signing
    relay Postfix "$case"
    stop_postfix
  fi
  start_postrider $signing
  [ "$case" != e ] || add_account >/dev/null
  relay Postrider "$case"
  stop_postrider
done
