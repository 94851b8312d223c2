#!/usr/bin/env bash
# fuzz.sh [SECONDS] [TARGET...] - runs each fuzz target (or those named) for SECONDS (60).
#
# libFuzzer needs no nightly compiler: the coverage pass is in the stable one, and without `unsafe` in the code the
# address sanitizer would find nothing. So this is cargo-fuzz's build by hand, with the one toolchain we have.
#
# New inputs go to $CARGO_TARGET_DIR/fuzz/TARGET; the committed ones in fuzz/corpus/TARGET are the seeds, and plain
# `cargo test` replays them. A failure leaves its input in fuzz/artifacts/TARGET and ends the run with an error: add it
# to the corpus together with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/postrider/target}
host=$(rustc -vV | sed -n 's/^host: //p')

coverage='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4'
coverage+=' -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table'
coverage+=' -Cllvm-args=-sanitizer-coverage-trace-compares'
# --target keeps these flags away from build scripts.
RUSTFLAGS="--cfg fuzzing $coverage" \
  cargo build --release --manifest-path fuzz/Cargo.toml --target "$host" --bins

targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd fuzz/fuzz_targets && ls ./*.rs | sed 's|^\./||; s|\.rs$||')
for target in "${targets[@]}"; do
  fresh=$CARGO_TARGET_DIR/fuzz/$target
  mkdir -p "$fresh" "fuzz/corpus/$target" "fuzz/artifacts/$target"
  echo "== $target, $seconds s"
  "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -use_value_profile=1 -print_final_stats=1 -verbosity=0 -artifact_prefix="fuzz/artifacts/$target/" \
    "$fresh" "fuzz/corpus/$target"
done
