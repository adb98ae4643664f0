/** The contract's application in the words of node:http. fetch-app.ts answers the same paths. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gatewayOf } from '../../../appserver/gateway.ts';
import { gatewayFacts, journal, nextChunk, plainAnswer, released } from './journal.ts';

type View = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

function hop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function count(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let bytes = 0;
  for await (const chunk of request) bytes += (chunk as Buffer).length;
  response.end(JSON.stringify({ bytes, trailers: request.trailers }));
}

const views: Record<string, View> = {
  '/facts': (request, response, url) => {
    const { method, headers: fields } = request;
    const { pathname: path, search: query, host } = url;
    const gateway = gatewayFacts(gatewayOf(request));
    const protocol = `${gateway['scheme']}:`;
    response.end(JSON.stringify({ method, path, query, host, protocol, fields, ...gateway }));
  },
  '/echo': (request, response) => request.pipe(response),
  '/count': count,
  '/ignore': (_request, response) => response.end('ignored'),
  '/hold': async (request, response) => {
    await released;
    await count(request, response);
  },
  '/cookies': (_request, response) => {
    response.setHeader('Set-Cookie', ['a=1', 'b=2; Path=/']);
    response.end('x');
  },
  '/stream': async (_request, response) => {
    for (const piece of ['one ', 'two ', 'three']) {
      response.write(piece);
      await hop();
    }
    response.end();
  },
  '/trailers': (_request, response) => {
    response.setHeader('Trailer', 'x-sum');
    response.write('x');
    response.addTrailers({ 'x-sum': '1' });
    response.end();
  },
  '/endless': async (_request, response) => {
    const source = new Readable({
      highWaterMark: 65_536,
      read() {
        this.push(nextChunk());
      },
    });
    await pipeline(source, response).catch(() => {});
    journal.events.push('endless ended');
  },
  '/never': (_request, response) => {
    journal.events.push('never begun');
    response.on('close', () => journal.events.push('never aborted'));
  },
  '/throw': (_request, response) => {
    response.setHeader('x-half', 'made');
    throw new Error('secret thrown');
  },
  '/reject': async () => {
    await hop();
    throw new Error('secret rejected');
  },
  '/break': async (_request, response) => {
    response.write('begun');
    await hop();
    throw new Error('secret break');
  },
  '/upgrade': (request, response) => {
    response.end(gatewayOf(request)?.upgrade() === undefined ? 'no offer' : 'an offer');
  },
  '/split': (_request, response) => {
    response.setHeader('x-name', 'value\r\nx-evil: 1');
    response.end('x');
  },
};

/** Answers one request. */
export function listener(request: IncomingMessage, response: ServerResponse): unknown {
  const url = new URL(request.url ?? '', `http://${request.headers.host ?? 'localhost'}`);
  const text = plainAnswer(url.pathname, gatewayOf(request));
  if (text !== undefined) return response.end(text);
  const status = /^\/status\/(\d+)$/.exec(url.pathname)?.[1];
  response.statusCode = status === undefined ? 404 : Number(status);
  if (status !== undefined) {
    response.setHeader('etag', '"v"');
    return response.end('content');
  }
  const view = views[url.pathname];
  if (view === undefined) return response.end('none');
  response.statusCode = 200;
  return view(request, response, url);
}
