/** Files and built-in pages, under Debian's nginx and under ours. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const HTTP = `
server {
  listen 127.0.0.1:8080;
  root files;
}
`;

suite('static files', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    const files = { 'files/page.html': '<p>hello', 'files/folder/x.gif': 'GIF89a' };
    pair = await startPair(HTTP, { files });
  });
  after(() => pair.stop());

  for (const path of ['/page.html', '/folder', '/folder/x.gif', '/missing', '/folder/', '/%00']) {
    test(`GET ${path} is answered alike`, async () => {
      await assertSame(pair, get(path));
    });
  }
});
