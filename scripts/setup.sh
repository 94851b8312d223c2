#!/usr/bin/env bash
# setup.sh run|test|bench - installs what this machine lacks. Quick and silent when nothing is missing.
#
#   run    what building and `postrider demo` need: a Rust toolchain (checked, not installed), clang and libclang
#          (RocksDB's bindings are generated from its C header), a C++ compiler
#   test   that, the software the end-to-end tests talk to: Postfix, Exim, OpenSMTPD, swaks, dkimpy, aiosmtpd,
#          Schemathesis, Nodemailer, Chromium and playwright-core, strace, curl, and what clients/test.sh runs: PHP, the
#          TypeScript compiler
#   bench  run, and what we are measured against: Postfix with its load tools, OpenDKIM, nginx
#
# Debian packages are installed as root or with sudo; without either the script says what to install. Python and Node
# packages go to $HOME/.cache/postrider (POSTRIDER_CACHE), pinned in scripts/requirements.txt and scripts/node/; so do
# Exim and OpenSMTPD, unpacked, since their packages cannot be installed beside Postfix (their users are made);
# those of the TypeScript client go to its own node_modules, where its compiler looks for them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${POSTRIDER_CACHE:-$HOME/.cache/postrider}
PATH=$PATH:/usr/sbin:/sbin
what=${1:-run}

say() { echo "setup: $*" >&2; }
die() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The name of the package that a missing piece comes from, for each piece that is missing.
missing_for_run() {
  has cc && has c++ || echo build-essential
  has clang || echo clang
  has ldconfig && ldconfig -p | grep -q 'libclang[-0-9.]*\.so' \
    || compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null || echo libclang-dev
}

missing_for_test() {
  has postfix && has smtp-sink || echo postfix
  has swaks || echo swaks
  perl -MNet::SSLeay -e 1 2>/dev/null || echo libnet-ssleay-perl # STARTTLS in swaks
  has openssl || echo openssl
  has strace || echo strace
  has curl || echo curl # HTTP/2
  has node || echo nodejs
  has npm || echo npm
  has chromium || echo chromium
  has php || echo php-cli
  has python3 || echo python3
  python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
}

missing_for_bench() {
  has postfix && has smtp-source || echo postfix
  has opendkim || echo opendkim
  has openssl || echo openssl
  has python3 || echo python3
  has curl || echo curl
  has wrk || echo wrk
  has nginx || echo nginx-light
}

install_debian() {
  [ $# -gt 0 ] || return 0
  has apt-get || die "needed, and this is not a Debian system: install the equivalents of: $*"
  if [ "$(id -u)" != 0 ]; then
    has sudo || die "needed: run as root: apt-get install $*"
  fi
  say "installing $*"
  # Postfix without a configuration: its own service has nothing to start from; the tests bring their own instance.
  echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections
  as_root apt-get update -qq >/dev/null || say "the package lists could not be refreshed; trying with the old ones"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
    || die "apt-get could not install: $* (is there a network?)"
}

check_rust() {
  has cargo || die "needed: a Rust toolchain (https://rustup.rs), version 1.95 or newer"
  local version
  version=$(cd "$here/.." && rustc --version | awk '{print $2}')
  [ "$(printf '%s\n1.95.0\n' "$version" | sort -V | head -n 1)" = 1.95.0 ] \
    || die "Rust $version is too old: 1.95 or newer is needed (rustup update stable)"
}

# A stamp holds the checksum of the pins a folder was made from: the same pins, nothing to do.
fresh() { [ -e "$1" ] && [ "$(cat "$1")" = "$2" ]; }

install_python() {
  local pins stamp=$cache/python/stamp
  pins=$(sha256sum <"$here/requirements.txt")
  fresh "$stamp" "$pins" && return 0
  say "installing Python packages into $cache/python"
  mkdir -p "$cache"
  rm -rf "$cache/python"
  python3 -m venv "$cache/python"
  "$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" \
    || die "pip could not install scripts/requirements.txt (is there a network?)"
  echo "$pins" >"$stamp"
}

install_node() {
  local pins stamp=$cache/node/stamp
  pins=$(cat "$here/node/package.json" "$here/node/package-lock.json" | sha256sum)
  fresh "$stamp" "$pins" && return 0
  say "installing Node packages into $cache/node"
  rm -rf "$cache/node"
  mkdir -p "$cache/node"
  cp "$here/node/package.json" "$here/node/package-lock.json" "$cache/node/"
  (cd "$cache/node" && npm ci --silent --no-audit --no-fund) \
    || die "npm could not install scripts/node/package.json (is there a network?)"
  echo "$pins" >"$stamp"
}

# The user as whom a mail server runs, as its package would make it.
make_user() {
  id "$1" >/dev/null 2>&1 \
    || as_root useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
}

# Exim and OpenSMTPD, with the libraries that may not be here, but never the C library.
unpack_mail_servers() {
  local packages
  for user in Debian-exim opensmtpd opensmtpq; do make_user "$user"; done
  [ -x "$cache/mta/usr/sbin/exim4" ] && [ -x "$cache/mta/usr/sbin/smtpd" ] && return 0
  say "unpacking Exim and OpenSMTPD into $cache/mta"
  rm -rf "$cache/mta"
  mkdir -p "$cache/mta/packages"
  mapfile -t packages < <(apt-cache depends exim4-daemon-light libgnutls-dane0 opensmtpd \
    | awk '$1 ~ /Depends:$/ && $2 ~ /^lib/ && $2 !~ /^lib(c6|crypt1|pam.*)$/ { print $2 }' | sort -u)
  (cd "$cache/mta/packages" && apt-get download -qq exim4-daemon-light opensmtpd "${packages[@]}" 2>/dev/null) \
    || die "apt-get could not download exim4-daemon-light and opensmtpd (is there a network?)"
  for package in "$cache"/mta/packages/*.deb; do dpkg -x "$package" "$cache/mta"; done
}

install_typescript() {
  local pins client=$here/../clients/typescript
  local stamp=$client/node_modules/stamp
  pins=$(cat "$client/package.json" "$client/package-lock.json" | sha256sum)
  fresh "$stamp" "$pins" && return 0
  say "installing Node packages into clients/typescript/node_modules"
  (cd "$client" && npm ci --silent --no-audit --no-fund) \
    || die "npm could not install clients/typescript/package.json (is there a network?)"
  echo "$pins" >"$stamp"
}

case $what in
  run)
    check_rust
    mapfile -t packages < <(missing_for_run)
    install_debian "${packages[@]}"
    ;;
  test)
    check_rust
    mapfile -t packages < <(missing_for_run; missing_for_test)
    install_debian "${packages[@]}"
    unpack_mail_servers
    install_python
    install_node
    install_typescript
    ;;
  bench)
    check_rust
    mapfile -t packages < <(missing_for_run; missing_for_bench)
    install_debian "${packages[@]}"
    ;;
  *) die "usage: scripts/setup.sh run|test|bench" ;;
esac
