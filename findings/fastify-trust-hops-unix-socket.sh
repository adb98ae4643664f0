#!/usr/bin/env bash
# A number in Fastify's trustProxy trusts nobody behind a Unix socket; the same number in Express does.
#
# Seen with Fastify 5.12.8 and Express 5.3.0 on Node.js 24.21.0: a request over a Unix socket with
# `X-Forwarded-For: 192.0.2.1` prints
#   fastify 1: undefined     fastify true: 192.0.2.1     express 1: 192.0.2.1     express loopback: undefined
# A peer on a Unix socket has no address, and each package treats its absence in its own way.
set -euo pipefail
command -v npm >/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund node@24.21.0 fastify@5.12.8 express@5.3.0 >/dev/null 2>&1 || exit 77
cat >look.mjs <<'JS'
import { createServer, get } from 'node:http';
import express from 'express';
import Fastify from 'fastify';
const listeners = {};
for (const trustProxy of [1, true]) {
  const app = Fastify({ trustProxy });
  app.get('/', async (request) => String(request.ip));
  await app.ready();
  listeners[`fastify ${trustProxy}`] = (req, res) => app.routing(req, res);
}
for (const trust of [1, 'loopback']) {
  const app = express().set('trust proxy', trust);
  app.get('/', (req, res) => res.send(String(req.ip)));
  listeners[`express ${trust}`] = app;
}
for (const [name, listener] of Object.entries(listeners)) {
  const server = createServer((req, res) => listener(req, res));
  await new Promise((done) => server.listen('app.sock', done));
  const headers = { 'x-forwarded-for': '192.0.2.1' };
  const response = await new Promise((done) => get({ socketPath: 'app.sock', headers, agent: false }, done));
  let text = '';
  for await (const piece of response) text += piece;
  console.log(`${name}: ${text}`);
  await new Promise((done) => server.close(done));
}
JS
seen=$(node_modules/.bin/node look.mjs)
echo "$seen"
[ "$seen" = "fastify 1: undefined
fastify true: 192.0.2.1
express 1: 192.0.2.1
express loopback: undefined" ]
