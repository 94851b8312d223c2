#!/usr/bin/env bash
# exim.sh DIR ADDRESS PORT NEXT HOME - starts an Exim of its own under DIR that takes mail for relay.test and passes it on to
# NEXT (an address and a port), everything else, such as its bounces, to HOME. Its process id is in DIR/exim.pid. Needs
# root; the program is the one that scripts/setup.sh unpacked, since its package cannot be installed beside Postfix.
set -euo pipefail
dir=$1 address=$2 port=$3 next=$4 home=$5
unpacked=${POSTRIDER_CACHE:-$HOME/.cache/postrider}/mta

mkdir -p "$dir"/{bin,spool,log}
# It drops its rights and starts itself again: the program must be where its user can reach it.
chmod a+x "$dir" "$(dirname "$dir")"
cp "$unpacked"/usr/sbin/exim4 "$unpacked"/usr/lib/*/*.so.* "$dir/bin/"
chown Debian-exim "$dir/spool" "$dir/log"

cat >"$dir/exim.conf" <<CONFIGURATION
primary_hostname = exim.test
exim_path = $dir/bin/exim4
spool_directory = $dir/spool
log_file_path = $dir/log/%slog
pid_file_path = $dir/exim.pid
keep_environment = LD_LIBRARY_PATH
deliver_drop_privilege = true
local_interfaces = $address
daemon_smtp_ports = $port
tls_advertise_hosts =
host_lookup =
acl_smtp_rcpt = everything
begin acl
everything:
  accept
begin routers
next:
  driver = manualroute
  domains = relay.test
  transport = next
  route_list = * ${next%:*}
  self = send
home:
  driver = manualroute
  transport = home
  route_list = * ${home%:*}
  self = send
begin transports
next:
  driver = smtp
  port = ${next##*:}
  allow_localhost
home:
  driver = smtp
  port = ${home##*:}
  allow_localhost
CONFIGURATION
LD_LIBRARY_PATH=$dir/bin "$dir/bin/exim4" -C "$dir/exim.conf" -bd -q1m
