#!/usr/bin/env bash
# restify 11.1.0, the newest release, cannot be imported by Node.js 24, though it names no upper bound
# and uses the package that fails (spdy, by way of http-deceiver) for HTTP/2 alone.
#
# Seen with restify 11.1.0 on Node.js 24.21.0: Error: No such module: http_parser
set -euo pipefail
command -v npm >/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund node@24.21.0 restify@11.1.0 >/dev/null 2>&1 || exit 77
seen=$(node_modules/.bin/node -e 'try { require("restify"); console.log("loads") } catch (e) { console.log(e.message) }' 2>/dev/null)
echo "$seen"
[ "$seen" = "No such module: http_parser" ]
