/**
 * An application that gives more than it announced, or throws in an event of its response: what
 * follows on the same connection, which a front keeps for all its clients, is the next answer alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from '../appserver/pool-process.ts';
import { RawClient } from '../harness/raw-client.ts';

const APP = `
const boom = () => { throw new Error('boom'); };
const views = {
  '/next': (request, response) => response.end('next'),
  '/longer': (request, response) => {
    response.setHeader('Content-Length', 4);
    response.end('first, and more');
  },
  '/longer-later': (request, response) => {
    response.writeHead(200, { 'Content-Length': '4' });
    response.write('firs');
    request.once('close', () => response.end(', and more'));
    response.write('t');
    response.end('more');
  },
  '/utf8': (request, response) => {
    response.setHeader('Content-Length', 4);
    response.end('\u00e4\u00e4\u00e4');
  },
  '/corked': (request, response) => { response.cork(); response.write('fi'); response.end('rs'); },
  '/finish': (request, response) => { response.on('finish', boom); response.end('firs'); },
  '/close': (request, response) => { response.on('close', boom); response.end('firs'); },
  '/callback': (request, response) => { response.end('firs', boom); },
  '/end': (request, response) => { request.resume().on('end', boom); },
};
export default (request, response) => views[request.url](request, response);
`;

const FIRST: readonly (readonly [path: string, status: number, content: RegExp])[] = [
  ['/longer', 200, /^firs$/],
  ['/longer-later', 200, /^firs$/],
  ['/utf8', 200, /^\xc3\xa4\xc3\xa4$/],
  ['/corked', 200, /^firs$/],
  ['/finish', 200, /^firs$/],
  ['/close', 200, /^firs$/],
  ['/callback', 200, /^firs$/],
  ['/end', 500, /Internal Server Error/],
];

test('the next answer on a connection is its own', async (t) => {
  const args = ['app', '--timeout', '0', '--workers', '1'];
  const pool = await startPool(t, { files: { 'app.mjs': APP }, args });
  for (const [path, status, content] of FIRST) {
    await t.test(`after that of ${path}`, async () => {
      const client = await RawClient.connect(pool.socketPath);
      client.send(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody` +
          'GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      const first = await client.response();
      assert.equal(first.status, status);
      assert.match(first.content, content);
      assert.equal((await client.response()).content, 'next');
      assert.equal(await client.rest(), '');
      client.destroy();
    });
  }
});
