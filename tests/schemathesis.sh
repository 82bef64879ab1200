#!/usr/bin/env bash
# Drives the programming interface of the real program from its own OpenAPI document with schemathesis: whatever it makes up must be
# answered as the document says, and never with a failure of the host.
#
# usage: tests/schemathesis.sh PROGRAM SCHEMATHESIS [EXAMPLES]
set -euo pipefail
program=$(realpath "$1") schemathesis=$(realpath "$2") examples=${3:-20}
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
printf '[bots]\nurl = "http://127.0.0.1:1"\n[api]\nrequests_per_second = 1000000\n' >host.toml
{
  printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n'
  for day in 1 2 3; do
    printf 'BEGIN:VEVENT\r\nUID:%s@x\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDURATION:PT1H\r\nSUMMARY:Talk\r\n' \
      "$day" "$(date -u -d "+$day day" +%Y%m%dT%H0000Z)"
    printf 'LOCATION:https://zoom.us/j/12345678%s\r\nEND:VEVENT\r\n' "$day"
  done
  printf 'END:VCALENDAR\r\n'
} >ana.ics
store=sqlite:$dir/host.db
CALLSHEET_ROOT_KEY=$(head -c 32 /dev/urandom | base64)
export CALLSHEET_ROOT_KEY
"$program" admin --database "$store" tenants add Acme >/dev/null
"$program" admin --database "$store" connections add --user ana --feed ana.ics >/dev/null
key=$("$program" admin --database "$store" keys add fuzzer --scope read,write,connect,admin | tail -n 1)
"$program" serve --config host.toml --store "$store" --listen 127.0.0.1:0 --show log >log 2>&1 &
server=$!
for _ in $(seq 100); do
  address=$(sed -n 's|.*health and metrics on \(http://[^/]*\)/.*|\1|p' log | tail -n 1)
  if [ -n "$address" ] && curl -sf "$address/readyz" >/dev/null; then break; fi
  sleep 0.1
done
# Names of things that are there, so that more than 404 is seen.
first() { curl -s -H "Authorization: Bearer $key" "$address/v1/$1" | sed -n 's/.*"items":\[{"id":"\([^"]*\)".*/\1/p'; }
post() { curl -s -o /dev/null -H "Authorization: Bearer $key" -H 'content-type: application/json' -d "$2" "$address/v1/$1"; }
post webhooks '{"url":"https://hooks.example.com/a"}'
post bots "{\"link\":\"https://zoom.us/j/99912345678\",\"at\":\"$(date -u -d '+30 days' +%Y-%m-%dT00:00:00Z)\"}"
for _ in $(seq 100); do
  event=$(first events)
  if [ -n "$event" ]; then break; fi
  sleep 0.1
done
# What has the right form and cannot be done is refused with 422, and a version that is not there with 412.
cat >schemathesis.toml <<TOML
parameters = { "path.event" = "$event", "path.webhook" = "$(first webhooks)", "path.bot" = "$(first bots)", "path.version" = "1" }
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "405", "406", "409", "412", "422"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "429"]
TOML
# What erases the tenant leaves nobody to answer; the suite holds it.
status=0
"$schemathesis" --config-file schemathesis.toml run "$address/v1/openapi.json" --header "Authorization: Bearer $key" \
  --checks all --max-examples "$examples" --seed 1 --exclude-operation-id eraseTenant --no-color \
  --suppress-health-check all --request-timeout 20 || status=$?
kill -0 "$server" || { echo "the host is gone"; status=1; }
if grep -q '"level":"ERROR"\|panicked' log; then
  grep '"level":"ERROR"\|panicked' log | head -n 20
  status=1
fi
exit $status
