#!/bin/sh
# Sends one e-mail to the simulator and prints its id.
# Needs curl; reads POSTRIDER_URL, POSTRIDER_KEY and POSTRIDER_DOMAIN from the environment.
set -eu
: "${POSTRIDER_URL:?}" "${POSTRIDER_KEY:?}" "${POSTRIDER_DOMAIN:?}"

reply=$(curl --silent --show-error --fail-with-body --max-time 30 --retry 3 \
  --header "Authorization: Bearer $POSTRIDER_KEY" \
  --header "Content-Type: application/json" \
  --header "Idempotency-Key: send-sh-$(date +%s)-$$" \
  --data @- "$POSTRIDER_URL/api/send" <<JSON
{
  "from": "hello@$POSTRIDER_DOMAIN",
  "to": "delivered@sim.postrider.invalid",
  "subject": "Hello from the shell",
  "text": "It works."
}
JSON
) || { echo "$reply" >&2; exit 1; }

id=$(printf '%s' "$reply" | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p')
[ -n "$id" ] || { echo "no id in: $reply" >&2; exit 1; }
echo "$id"
