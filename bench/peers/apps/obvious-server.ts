/** The stack of obvious-stack.ts: /app/ goes to the backend, the rest comes from the folder. */
import http from 'node:http';
import { createRequire } from 'node:module';
import dotenv from 'dotenv';

// Neither package brings types; what is used of them is stated here.
type Listener = (req: http.IncomingMessage, res: http.ServerResponse) => void;
interface ProxyServer {
  web: Listener;
  on(
    event: 'error',
    listener: (problem: Error, req: unknown, res: http.ServerResponse) => void,
  ): void;
}
interface Packages {
  createProxyServer(options: object): ProxyServer;
  serveStatic(
    root: string,
  ): (req: http.IncomingMessage, res: http.ServerResponse, next: () => void) => void;
}

const require = createRequire(import.meta.url);
const createProxyServer: Packages['createProxyServer'] = require('http-proxy').createProxyServer;
const serveStatic: Packages['serveStatic'] = require('serve-static');

dotenv.config({ quiet: true });
const { PORT, ROOT, BACKEND } = process.env;
if (PORT === undefined || ROOT === undefined || BACKEND === undefined) {
  throw new Error('PORT, ROOT and BACKEND are needed in .env');
}

const proxy = createProxyServer({
  target: { socketPath: BACKEND },
  agent: new http.Agent({ keepAlive: true, maxFreeSockets: 64 }),
  xfwd: true,
});
proxy.on('error', (problem, _req, res) => {
  res.writeHead(502).end(problem.message);
});
const files = serveStatic(ROOT);

const server = http.createServer((req, res) => {
  if (req.url?.startsWith('/app/') === true) proxy.web(req, res);
  else files(req, res, () => res.writeHead(404).end());
});
server.keepAliveTimeout = 600_000;
server.listen(Number(PORT), '127.0.0.1');
