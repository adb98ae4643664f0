// Serves one of the applications on the Unix socket in SOCKET with what Node itself has:
// APP=node on node:http, APP=fetch through @hono/node-server. Plain JavaScript, because pm2 picks
// another interpreter for TypeScript.
import { createServer } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { app as fetchApp } from './fetch-app.ts';
import { app as nodeApp } from './node-app.ts';

const { APP, SOCKET } = process.env;
const server =
  APP === 'fetch' ? createAdaptorServer({ fetch: fetchApp.fetch }) : createServer(nodeApp);
server.keepAliveTimeout = 600_000;
server.listen(SOCKET);
