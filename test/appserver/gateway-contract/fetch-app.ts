/** The contract's application in the words of fetch. node-app.ts answers the same paths. */
import type { Gateway } from '../../../appserver/gateway.ts';
import { gatewayFacts, journal, nextChunk, plainAnswer, released } from './journal.ts';

type View = (request: Request, gateway: Gateway | undefined, url: URL) => unknown;

const encoder = new TextEncoder();

function hop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function streamOf(pieces: readonly string[], problem?: Error): Response {
  const body = new ReadableStream({
    async start(controller) {
      for (const piece of pieces) {
        controller.enqueue(encoder.encode(piece));
        await hop();
      }
      if (problem === undefined) controller.close();
      else controller.error(problem);
    },
  });
  return new Response(body);
}

const views: Record<string, View> = {
  '/facts': (request, gateway, url) => {
    const fields = Object.fromEntries(request.headers);
    const { method } = request;
    const { pathname: path, search: query, host, protocol } = url;
    const facts = { method, path, query, host, protocol, fields, ...gatewayFacts(gateway) };
    return Response.json(facts);
  },
  '/echo': (request) => new Response(request.body),
  '/count': async (request) => Response.json({ bytes: (await request.bytes()).length }),
  '/ignore': () => new Response('ignored'),
  '/hold': async (request) => {
    await released;
    return Response.json({ bytes: (await request.bytes()).length });
  },
  '/cookies': () =>
    new Response('x', {
      headers: [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2; Path=/'],
      ],
    }),
  '/stream': () => streamOf(['one ', 'two ', 'three']),
  '/trailers': () => streamOf(['x']),
  '/endless': () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(nextChunk()),
        cancel: () => {
          journal.events.push('endless ended');
        },
      }),
    ),
  '/never': (request) => {
    journal.events.push('never begun');
    request.signal.addEventListener('abort', () => journal.events.push('never aborted'));
    return new Promise(() => {});
  },
  '/throw': () => {
    throw new Error('secret thrown');
  },
  '/reject': async () => {
    await hop();
    throw new Error('secret rejected');
  },
  '/break': () => streamOf(['begun'], new Error('secret break')),
  '/upgrade': (_request, gateway) => {
    const offer = gateway?.upgrade();
    if (offer === undefined) return new Response('no offer');
    offer.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n');
    offer.socket.pipe(offer.socket);
    return new Response(null);
  },
  '/split': () => new Response('x', { headers: { 'x-name': 'value\r\nx-evil: 1' } }),
};

/** Answers one request. */
export function answer(request: Request, gateway: Gateway | undefined): unknown {
  const url = new URL(request.url);
  const text = plainAnswer(url.pathname, gateway);
  if (text !== undefined) return new Response(text);
  const status = /^\/status\/(\d+)$/.exec(url.pathname)?.[1];
  if (status !== undefined) {
    const body = status === '204' || status === '304' ? null : 'content';
    return new Response(body, { status: Number(status), headers: { etag: '"v"' } });
  }
  const view = views[url.pathname];
  return view === undefined ? new Response('none', { status: 404 }) : view(request, gateway, url);
}
