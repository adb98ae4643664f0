/** Every shape of application that is recognised, around the same two bodies. */

export interface Shape {
  readonly name: string;
  /** Which of the two applications it holds. */
  readonly kind: 'fetch' | 'node';
  /** What the pool says that it is. */
  readonly recognisedAs: string;
  /** Whether the framework answers for errors, with a page of its own. */
  readonly answersErrors: boolean;
  /** The module, whose export `application` it is. */
  readonly source: string;
}

const FOLDER = new URL('.', import.meta.url).href;
const LIFE = `export { startup, shutdown } from '${FOLDER}journal.ts';`;
const FETCH = `import { answer } from '${FOLDER}fetch-app.ts'; ${LIFE}`;
const NODE = `import { createServer } from 'node:http'; import { listener } from '${FOLDER}node-app.ts'; ${LIFE}`;

function shape(kind: Shape['kind'], name: string, recognisedAs: string, body: string): Shape {
  const answersErrors = name === 'Hono' || name === 'Express';
  const source = `${kind === 'fetch' ? FETCH : NODE}\n${body}\n`;
  return { kind, name, recognisedAs, answersErrors, source };
}

export const SHAPES: readonly Shape[] = [
  shape('fetch', 'an object with fetch', 'fetch', 'export const application = { fetch: answer };'),
  shape(
    'fetch',
    'Hono',
    'fetch',
    `import { Hono } from 'hono';
     export const application = new Hono();
     application.all('*', (c) => answer(c.req.raw, c.env));`,
  ),
  shape(
    'fetch',
    'a function of one argument',
    '(request) function',
    'export function application(request) { return answer(request, arguments[1]); }',
  ),
  shape(
    'node',
    'a function of two arguments',
    '(req, res) function',
    'export const application = (req, res) => listener(req, res);',
  ),
  shape(
    'node',
    'Express',
    'Express',
    `import express from 'express';
     export const application = express();
     application.use((req, res) => listener(req, res));`,
  ),
  shape(
    'node',
    'an http.Server',
    'http.Server',
    'export const application = createServer(listener);',
  ),
  // These frameworks are no dependencies: what is recognised of them stands here in their place.
  shape(
    'node',
    'what Koa makes',
    'Koa',
    'export const application = { middleware: [], callback: () => listener, listen() {} };',
  ),
  shape(
    'node',
    'what Fastify makes',
    'Fastify',
    `const routing = (req, res) => listener(req, res);
     export const application = { routing, async ready() {}, server: createServer(routing),
       async close() { console.error('journal: framework closed'); } };`,
  ),
  shape(
    'node',
    'what hapi makes',
    'hapi',
    `export const application = { listener: createServer(listener), async initialize() {},
       async stop() { console.error('journal: framework closed'); } };`,
  ),
  shape(
    'node',
    'what polka makes',
    'polka',
    'export const application = { handler(req, res) { return listener(req, res); }, listen() {} };',
  ),
];
