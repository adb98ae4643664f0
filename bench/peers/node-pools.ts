/** The applications on bare node:http, on @hono/node-server, in node:cluster and under pm2. */
import { join } from 'node:path';
import { type Peer, type Place, socketOf } from './peer.ts';
import { lacksPackage, PROJECT } from './programs.ts';

const APPS = join(import.meta.dirname, 'apps');
const SERVE = join(APPS, 'serve.js');

/** node:http with nothing around it; (req, res) only. */
export const nodeHttp = nodePool('node-http', 'node:http', () => undefined, [SERVE]);

/** @hono/node-server in one process; fetch only. */
export const hono = nodePool('hono', '@hono/node-server', () => lacksPackage('@hono/node-server'), [
  SERVE,
]);

/** node:cluster with one worker. */
export const cluster = nodePool('cluster', 'node:cluster, 1 worker', () => undefined, [
  join(APPS, 'cluster.ts'),
]);

/** pm2 in cluster mode with one instance, in the foreground so that it ends with the run. */
export const pm2: Peer = {
  id: 'pm2',
  label: 'pm2 cluster, 1 instance',
  role: 'pool',
  lacks: () => lacksPackage('pm2'),
  command(place) {
    const runtime = join(PROJECT, 'node_modules/pm2/bin/pm2-runtime');
    return {
      file: process.execPath,
      args: [runtime, 'start', SERVE, '-i', '1', '--name', 'page'],
      cwd: place.folder,
      env: {
        ...settings(place),
        PM2_HOME: join(place.folder, 'pm2'),
        PM2_DISABLE_VERSION_CHECK: 'true',
      },
    };
  },
};

function nodePool(
  id: string,
  label: string,
  lacks: () => string | undefined,
  args: readonly string[],
): Peer {
  return {
    id,
    label,
    role: 'pool',
    lacks,
    command: (place) => ({ file: process.execPath, args, cwd: place.folder, env: settings(place) }),
  };
}

function settings(place: Place): Record<string, string> {
  return { APP: place.scenario, SOCKET: socketOf(place) };
}
