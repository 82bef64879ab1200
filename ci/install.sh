#!/usr/bin/env bash
# Puts rule-lint on the path of the steps that follow: the one of this checkout, unless it is there already.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
if command -v rule-lint >/dev/null && [[ "$(rule-lint --version)" == "rule-lint $version "* ]]; then
  echo "rule-lint $version is there already"
  exit 0
fi
root="${RUNNER_TEMP:-/tmp}/rule-lint"
cargo install --quiet --locked --path "$here" --no-default-features --features cli --bin rule-lint --root "$root"
echo "$root/bin" >> "${GITHUB_PATH:-/dev/null}"
