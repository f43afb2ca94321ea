#!/bin/sh
# Runs a fuzz target on a stable compiler: run.sh TARGET SECONDS. What it finds is left in artifacts/.
set -eu
cd "$(dirname "$0")"
target=$1
seconds=$2
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1 --cfg fuzzing"
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="$flags" cargo build --release --target "$host" --bin "$target"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "artifacts/$target"
# The texts of the language tests are seeds as well.
case $target in
parser) cp ../tests/lang/*.tf "$work" ;;
formatter) cp ../tests/lang/format/*.in.tf "$work" ;;
esac
"${CARGO_TARGET_DIR:-target}/$host/release/$target" "$work" "corpus/$target" -max_total_time="$seconds" -timeout=20 \
    -rss_limit_mb=2048 -max_len=4096 -dict=words.dict -artifact_prefix="artifacts/$target/" -print_final_stats=1
