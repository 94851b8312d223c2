#!/usr/bin/env bash
# opensmtpd.sh DIR ADDRESS PORT NEXT HOME - becomes an OpenSMTPD that takes mail for relay.test and passes it on to NEXT (an
# address and a port), everything else, such as its bounces, to HOME. Needs root: the places where it keeps its things
# cannot be configured, so it is given its own, which nobody else sees. The program is the one that scripts/setup.sh
# unpacked, since its package cannot be installed beside Postfix.
set -euo pipefail
dir=$1 address=$2 port=$3 next=$4 home=$5
unpacked=${POSTRIDER_CACHE:-$HOME/.cache/postrider}/mta
[ "${6:-}" = inside ] || exec unshare --mount bash "$0" "$@" inside

mkdir -p "$dir"
cat >"$dir/smtpd.conf" <<CONFIGURATION
listen on $address port $port hostname smtpd.test
action "next" relay host smtp://$next
action "home" relay host smtp://$home
match from any for domain "relay.test" action "next"
match from any for any action "home"
CONFIGURATION
for place in /var/lib /var/spool /run; do mount -t tmpfs none "$place"; done
mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd/{corrupt,incoming,offline,purge,queue,temporary}
chmod 711 /var/spool/smtpd
cd /var/spool/smtpd
chown opensmtpq corrupt incoming purge queue temporary
chmod 700 corrupt incoming purge queue temporary
chown :opensmtpq offline
chmod 770 offline
LD_LIBRARY_PATH=$(echo "$unpacked"/usr/lib/*-linux-gnu) exec "$unpacked/usr/sbin/smtpd" -d -f "$dir/smtpd.conf"
