#!/usr/bin/env bash
# postfix.sh DIR ADDRESS PORT CERTIFICATE KEY [NEXT HOME] - starts a Postfix of its own under DIR, with TLS on offer, that
# puts mail for dest.test into DIR/mail/inbox/new; mail for relay.test it takes and passes on to NEXT (an address and a
# port), everything else, such as its bounces, to HOME. Needs root. The system's own instance is neither used nor started.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
dir=$1 address=$2 port=$3 certificate=$4 key=$5 next=${6:-} home=${7:-}
uid=$(id -u postfix)

mkdir -p "$dir"/{etc,spool,lib,mail}
# Its daemons drop their rights: they must be able to pass through the folders above.
chmod a+x "$dir" "$(dirname "$dir")"
chown postfix "$dir/lib" "$dir/mail"
cp /usr/share/postfix/master.cf.dist "$dir/etc/master.cf"
for file in postfix-files dynamicmaps.cf; do
  if [ -e "/etc/postfix/$file" ]; then cp "/etc/postfix/$file" "$dir/etc/"; fi
done

cat >"$dir/etc/main.cf" <<CONFIGURATION
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/lib
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = host.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = $certificate
smtpd_tls_key_file = $key
smtpd_tls_received_header = yes
smtpd_peername_lookup = no
disable_dns_lookups = yes
maillog_file = $dir/mail.log
maillog_file_prefixes = $dir
alias_maps =
alias_database =
virtual_mailbox_domains = dest.test
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$(id -g postfix)
virtual_minimum_uid = 1
CONFIGURATION
if [ -n "$next" ]; then
  cat >>"$dir/etc/main.cf" <<CONFIGURATION
relay_domains = relay.test
relay_transport = smtp:[${next%:*}]:${next##*:}
relayhost = [${home%:*}]:${home##*:}
CONFIGURATION
fi
sed -i -E "s/^smtp(\s+)inet/$address:$port\1inet/; s/^(\S+\s+\S+\s+\S+\s+\S+\s+)y/\1n/" "$dir/etc/master.cf"
grep -q '^postlog' "$dir/etc/master.cf" || echo 'postlog unix-dgram n - n - 1 postlogd' >>"$dir/etc/master.cf"
postfix -c "$dir/etc" start >"$dir/start.log" 2>&1 || { cat "$dir/start.log" "$dir/mail.log" >&2; exit 1; }
