#!/bin/sh
# Sets up the local model: the same as `npm run setup -- ARGUMENTS`, from any folder.
set -eu
cd "$(dirname "$0")/.."
exec npm run setup -- "$@"
