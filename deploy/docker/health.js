// Asks a tier for a page and says by its exit code whether it answers well: node health.js URL, or
// node health.js SOCKET PATH. It runs every few seconds, so it loads nothing but Node's own client.
import { request } from 'node:http';

const PATIENCE_MS = 2500;
const [where = '', path] = process.argv.slice(2);
// nginx.conf leaves this name out of the access log.
const headers = { Host: 'localhost', 'User-Agent': 'tandem-health', Connection: 'close' };
const asked =
  path === undefined ? request(where, { headers }) : request({ socketPath: where, path, headers });
asked.on('response', (answer) => {
  if (answer.statusCode !== 200) fail(`status ${answer.statusCode}`);
  answer.resume().on('end', () => process.exit(0));
  answer.on('error', ({ message }) => fail(message));
});
asked.on('error', ({ message }) => fail(message));
setTimeout(() => fail(`no answer in ${PATIENCE_MS} ms`), PATIENCE_MS);
asked.end();

/** @param {string} why */
function fail(why) {
  console.error(`${process.argv.slice(2).join(' ')}: ${why}`);
  process.exit(1);
}
