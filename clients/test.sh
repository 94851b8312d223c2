#!/usr/bin/env bash
# test.sh - runs the clients' tests and the examples of docs/examples against a running server, named by
# POSTRIDER_URL, POSTRIDER_KEY, POSTRIDER_TEST_KEY and POSTRIDER_DOMAIN. Needs `scripts/setup.sh test`.
# Everything runs even when something before it failed; the exit code says whether all of it passed.
set -uo pipefail
cd "$(dirname "$0")/.."
: "${POSTRIDER_URL:?}" "${POSTRIDER_KEY:?}" "${POSTRIDER_TEST_KEY:?}" "${POSTRIDER_DOMAIN:?}"
export PYTHONDONTWRITEBYTECODE=1
failed=()

run() {
  local name=$1
  shift
  echo "== $name"
  "$@" || { echo "== $name failed" >&2; failed+=("$name"); }
}

run "python client" env PYTHONPATH=clients/python/src:clients/python/tests \
  python3 -m unittest discover -s clients/python/tests
run "typescript client" npm --prefix clients/typescript test
run docs/examples/send.sh sh docs/examples/send.sh
run docs/examples/send.mjs node docs/examples/send.mjs
run docs/examples/send.py python3 docs/examples/send.py
if command -v php >/dev/null; then
  run docs/examples/send.php php docs/examples/send.php
else
  echo "== docs/examples/send.php skipped: there is no php"
fi

[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
