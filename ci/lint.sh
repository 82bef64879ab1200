#!/usr/bin/env bash
# Runs rule-lint once for each line of $RULES, which names the files of one rule set. Fails as the worst of them does.
set -euo pipefail

arguments=()
[[ -z "${DENY:-}" ]] || arguments+=("--deny=$DENY")
[[ -z "${CONFIG:-}" ]] || arguments+=("--config=$CONFIG")
[[ -z "${OUR_DOMAINS:-}" ]] || arguments+=("--our-domains=$OUR_DOMAINS")
[[ -z "${SINCE:-}" ]] || arguments+=("--since=$SINCE")
[[ -z "${SARIF:-}" ]] || mkdir -p -- "$SARIF"

status=0
set=0
# A pattern that no file fits stays as it is, and rule-lint names it as a file that cannot be read.
while IFS= read -r line; do
  # Words are expanded on purpose: a line holds several files and patterns.
  # shellcheck disable=SC2206
  files=($line)
  [[ ${#files[@]} -gt 0 ]] || continue
  set=$((set + 1))
  code=0
  rule-lint --format=github "${arguments[@]}" -- "${files[@]}" || code=$?
  [[ $code -le $status ]] || status=$code
  if [[ -n "${SARIF:-}" && $code -lt 2 ]]; then
    rule-lint --format=sarif "${arguments[@]}" -- "${files[@]}" > "$SARIF/rule-lint-$set.sarif" || true
  fi
done <<< "$RULES"

if [[ $set -eq 0 ]]; then
  echo "::error title=rule-lint::no rule files were named"
  status=2
fi
exit "$status"
