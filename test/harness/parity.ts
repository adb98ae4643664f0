/** Runs Debian's nginx and ours on one configuration and compares what they answer. */
import assert from 'node:assert/strict';
import type { Front, FrontOptions } from './front.ts';
import { NGINX, startNginx } from './nginx.ts';
import { judge, judgeHere, startProxy } from './proxy.ts';
import { ask, converse } from './raw-client.ts';

/** Both fronts on one configuration. */
export interface Pair {
  readonly nginx: Front;
  readonly tandem: Front;
  stop(): Promise<void>;
}

/** Starts both; the file is the same but for paths and ports. */
export async function startPair(http: string, options?: FrontOptions): Promise<Pair> {
  const started = await Promise.allSettled([startNginx(http, options), startProxy(http, options)]);
  const fronts = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const result of started) {
    if (result.status === 'fulfilled') continue;
    await Promise.all(fronts.map((front) => front.stop()));
    throw result.reason;
  }
  const [nginx, tandem] = fronts as [Front, Front];
  return {
    nginx,
    tandem,
    async stop() {
      await Promise.all([nginx.stop(), tandem.stop()]);
    },
  };
}

/** A response as the parity tests see it: what may differ is masked. */
export interface Seen {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly content: string;
}

/** Asks both and asserts that status, field lines in order, and content are the same. */
export async function assertSame(pair: Pair, request: string, named = 8080): Promise<Seen> {
  const [theirs, ours] = await Promise.all([
    seen(pair.nginx, request, named),
    seen(pair.tandem, request, named),
  ]);
  assert.deepEqual(ours, theirs, `answers to ${JSON.stringify(request)} differ`);
  return ours;
}

/** As `assertSame`, where the order of fields of different names may differ. */
export async function assertSameInAnyOrder(pair: Pair, request: string): Promise<Seen> {
  const [theirs, ours] = await Promise.all(
    [pair.nginx, pair.tandem].map(async (front) => {
      const one = await seen(front, request, 8080);
      return { ...one, fields: [...one.fields].sort() };
    }),
  );
  assert.deepEqual(ours, theirs, `answers to ${JSON.stringify(request)} differ`);
  return ours!;
}

/** Asserts that both close without an answer, or give the same bytes up to the end. */
export async function assertSameBytes(pair: Pair, request: string, named = 8080): Promise<string> {
  const [theirs, ours] = await Promise.all([
    converse(pair.nginx.port(named), request),
    converse(pair.tandem.port(named), request),
  ]);
  const masked = masks(pair.tandem, ours);
  assert.equal(masked, masks(pair.nginx, theirs), `answers to ${JSON.stringify(request)} differ`);
  return masked;
}

/** Asserts that both say the same of the inside of an http block, as `-t` does. */
export function assertSameJudgement(http: string, options?: FrontOptions): readonly string[] {
  const theirs = judge(http, NGINX, options);
  const ours = judgeHere(http, options);
  assert.deepEqual(ours, theirs, `judgements of ${JSON.stringify(http)} differ`);
  return ours.lines;
}

async function seen(front: Front, request: string, named: number): Promise<Seen> {
  const { status, reason, fields, content } = await ask(front.port(named), request);
  const lines = fields
    .filter(([name]) => name !== 'Date')
    // The names in our pages are of other length.
    .filter(([name]) => name !== 'Content-Length' || !isOwnPage(request, status, content))
    .map(([name, value]) => `${name}: ${name === 'Server' ? 'masked' : masks(front, value)}`);
  // Framing fields stand at the end of our heads; their place among the others means nothing.
  const framing = lines.filter((line) => FRAMING.test(line)).sort();
  const others = lines.filter((line) => !FRAMING.test(line));
  return { status, reason, fields: [...others, ...framing], content: masks(front, content) };
}

const FRAMING = /^(Content-Length|Transfer-Encoding|Connection|Keep-Alive): /;
const TOKEN = /<hr><center>[^<]*<\/center>/;

/** Whether the content is, or for HEAD would be, a built-in page. */
function isOwnPage(request: string, status: number, content: string): boolean {
  return TOKEN.test(content) || (request.startsWith('HEAD ') && status >= 300);
}

/** Takes out what is a front's own: server token, ports, folder, time. */
export function masks(front: Front, text: string): string {
  let masked = text
    .replaceAll(new RegExp(TOKEN, 'g'), '<hr><center>masked</center>')
    .replaceAll(/^(Date|Server): .*$/gm, '$1: masked')
    .replaceAll(front.folder, '/folder');
  for (let named = 8080; named < 8090; named++) {
    const port = portOf(front, named);
    if (port !== undefined) masked = masked.replaceAll(String(port), String(named));
  }
  return masked;
}

function portOf(front: Front, named: number): number | undefined {
  try {
    return front.port(named);
  } catch {
    // Not a port of this configuration: there is nothing to mask.
    return undefined;
  }
}
