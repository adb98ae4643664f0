#!/usr/bin/env bash
# @hono/node-server labels a Response of bytes without a Content-Type as text/plain; the Fetch standard
# gives it none, and the same Response says so when it is asked.
#
# Seen with @hono/node-server 2.1.9 and hono 4.13.19 on Node.js 24.21.0:
#   the Response itself: null
#   on the wire: text/plain; charset=UTF-8
set -euo pipefail
command -v npm >/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund node@24.21.0 hono@4.13.19 @hono/node-server@2.1.9 >/dev/null 2>&1 || exit 77
cat >look.mjs <<'JS'
import { get } from 'node:http';
console.log(`the Response itself: ${new Response(new Uint8Array([1, 2])).headers.get('content-type')}`);
const { createAdaptorServer } = await import('@hono/node-server');
const server = createAdaptorServer({ fetch: () => new Response(new Uint8Array([1, 2])) });
await new Promise((done) => server.listen('app.sock', done));
const response = await new Promise((done) => get({ socketPath: 'app.sock', agent: false }, done));
response.resume();
console.log(`on the wire: ${response.headers['content-type']}`);
server.close();
JS
seen=$(node_modules/.bin/node look.mjs)
echo "$seen"
[ "$seen" = "the Response itself: null
on the wire: text/plain; charset=UTF-8" ]
