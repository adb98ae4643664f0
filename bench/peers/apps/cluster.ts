/** serve.js in one worker of node:cluster. */
import cluster from 'node:cluster';
import { join } from 'node:path';

cluster.setupPrimary({ exec: join(import.meta.dirname, 'serve.js') });
cluster.fork();
cluster.on('exit', () => process.exit(1));
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
  process.exit(0);
});
