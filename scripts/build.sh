#!/usr/bin/env bash
# Builds the release binary and says on one line how far it is. The first build compiles RocksDB (10-15 minutes on two
# cores); later ones take seconds. On an error the compiler's whole output is shown.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/postrider/target}
mkdir -p "$CARGO_TARGET_DIR"

if [ -t 2 ]; then
  # Cargo's own bar is the best progress line there is; --quiet would hide it.
  exec cargo build --release --locked -p postrider --bin postrider
fi

# No terminal: cargo prints no bar, so count what it finishes.
[ -d "$CARGO_TARGET_DIR/release/build" ] || echo "building Postrider (the first time takes 10-15 minutes)" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo build --release --locked -p postrider --bin postrider >"$log" 2>&1 &
build=$!
said=0
while kill -0 "$build" 2>/dev/null; do
  done_now=$(grep -c '^ *Compiling' "$log" || true)
  if [ "$done_now" != "$said" ]; then
    said=$done_now
    echo "building: $said crates begun, last $(grep '^ *Compiling' "$log" | tail -n 1 | awk '{print $2}')" >&2
  fi
  sleep 5
done
wait "$build" || { cat "$log" >&2; exit 1; }
