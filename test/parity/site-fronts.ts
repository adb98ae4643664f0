/**
 * Debian's nginx and ours before one pool, each on the project's nginx.conf in a folder of its own.
 * Only the ports differ; the way to the pool's socket is the same link in both folders.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Program } from '../harness/program.ts';
import { ask, converse, field, RawClient, type RawResponse } from '../harness/raw-client.ts';
import { makeSiteFolder, PROJECT, type SiteFolder } from '../harness/site-folder.ts';
import { PATIENCE_MS } from '../harness/until.ts';

const NGINX = '/usr/sbin/nginx';
const LOOK_MS = 20;
/** A start takes its time where much else runs; a program that ends is noticed at once. */
const isRoot = process.geteuid?.() === 0;

/** A front on the project's nginx.conf. */
export interface SiteFront {
  readonly name: 'nginx' | 'tandem';
  readonly folder: SiteFolder;
  readonly program: Program;
}

/** Both fronts before the same socket. Whoever starts them stops them. */
export interface FrontPair {
  readonly nginx: SiteFront;
  readonly tandem: SiteFront;
  stop(): Promise<void>;
}

/** Both fronts, and what stands behind them. */
export interface SiteFronts extends FrontPair {
  readonly pool: Program;
  /** The socket that both fronts ask. */
  readonly socket: string;
}

export async function startSiteFronts(): Promise<SiteFronts> {
  const behind = await makeSiteFolder();
  const socket = join(behind.path, 'app.sock');
  const pool = startTandemPool(behind, socket);
  const stopPool = async (): Promise<void> => {
    await pool.stop();
    behind.remove();
  };
  try {
    await accepts(socket, pool);
    const { nginx, tandem, stop } = await startFrontPair(socket);
    const stopAll = async (): Promise<void> => {
      await Promise.all([stop(), stopPool()]);
    };
    return { nginx, tandem, pool, socket, stop: stopAll };
  } catch (error) {
    await stopPool();
    throw error;
  }
}

/** Starts our pool on the sample site of a folder. */
export function startTandemPool(folder: SiteFolder, socket: string): Program {
  return start('bin/tandem-appserver.js', folder, ['--bind', `unix:${socket}`]);
}

/** Starts both fronts before a socket; resolves when they accept. */
export async function startFrontPair(socket: string): Promise<FrontPair> {
  const [nginx, tandem] = await Promise.all([
    startSiteFront('nginx', socket),
    startSiteFront('tandem', socket),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all([nginx.program.stop(), tandem.program.stop()]);
    for (const { folder } of [nginx, tandem]) folder.remove();
  };
  try {
    for (const { folder, program } of [nginx, tandem]) await accepts(folder.port(), program);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nginx, tandem, stop };
}

/** A front in a folder of its own, on its way up. */
async function startSiteFront(name: SiteFront['name'], socket: string): Promise<SiteFront> {
  const folder = await makeSiteFolder({ database: false });
  mkdirSync(join(folder.path, 'run'), { recursive: true });
  symlinkSync(socket, join(folder.path, 'run', 'app.sock'));
  return { name, folder, program: startFrontIn(folder, name) };
}

/** Starts a front in a folder that is there, so that one may take the other's place. */
export function startFrontIn(folder: SiteFolder, name: SiteFront['name']): Program {
  if (name === 'nginx') return startNginx(folder);
  return start('bin/tandem-proxy.js', folder, ['-p', folder.path, '-g', 'daemon off;']);
}

function start(launcher: string, folder: SiteFolder, words: readonly string[]): Program {
  const { path: cwd, env } = folder;
  return new Program(process.execPath, [join(PROJECT, launcher), ...words], { cwd, env });
}

function startNginx(folder: SiteFolder): Program {
  // What nginx.conf says of nginx that is not started by root.
  if (!isRoot) {
    const text = folder.read('nginx.conf');
    folder.write('nginx.conf', text.replaceAll(/#(\w+_temp_path )/g, '$1'));
  }
  // As root it would run workers as a user who may not read the folder of the project.
  const directives = `daemon off;${isRoot ? ' user root;' : ''}`;
  const words = ['-p', `${folder.path}/`, '-e', 'stderr', '-c', 'nginx.conf', '-g', directives];
  return new Program(NGINX, words, { cwd: folder.path });
}

/** Waits until somebody accepts; rejects where the program ends before. */
export async function accepts(target: number | string, program: Program): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    if (await canConnect(target)) return;
    if (program.child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`nobody listens at ${target}:\n${program.output}`);
}

async function canConnect(target: number | string): Promise<boolean> {
  const socket =
    typeof target === 'number' ? net.connect(target, '127.0.0.1') : net.connect(target);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}

/** A response without what may differ. */
export interface Seen {
  readonly status: number;
  readonly reason: string;
  /** Sorted: only the order of fields of one name means something, and sorting keeps it. */
  readonly fields: readonly string[];
  readonly content: string;
}

/** Asks nginx, then ours, and asserts that the answers are the same; gives nginx's. */
export async function assertSameAnswer(
  fronts: FrontPair,
  request: string,
  named = 8080,
): Promise<Seen> {
  const theirs = await seen(fronts.nginx, request, named);
  const ours = await seen(fronts.tandem, request, named);
  assert.deepEqual(ours, theirs, `answers to ${JSON.stringify(request.slice(0, 300))} differ`);
  return theirs;
}

/** Sends requests at once and asserts that both answer them alike, in their order. */
export async function assertSameAnswers(
  fronts: FrontPair,
  requests: string,
  count: number,
): Promise<readonly Seen[]> {
  const [theirs, ours] = await Promise.all(
    [fronts.nginx, fronts.tandem].map((front) => seenInOrder(front, requests, count)),
  );
  assert.deepEqual(ours, theirs);
  return theirs ?? [];
}

/** Asserts that both close without a word. */
export async function assertNoAnswer(
  fronts: FrontPair,
  request: string,
  named: number,
): Promise<void> {
  for (const { folder } of [fronts.nginx, fronts.tandem]) {
    assert.equal(await converse(folder.port(named), withPort(folder, request, named)), '');
  }
}

/** What the test says of ports is what nginx.conf says of them. */
export function withPort(folder: SiteFolder, request: string, named: number): string {
  return request.replaceAll('PORT', String(folder.port(named)));
}

async function seen({ folder }: SiteFront, request: string, named: number): Promise<Seen> {
  const response = await ask(folder.port(named), withPort(folder, request, named));
  return masked(folder, response, request.startsWith('HEAD '));
}

async function seenInOrder(
  { folder }: SiteFront,
  requests: string,
  count: number,
): Promise<Seen[]> {
  const methods = [...requests.matchAll(/^([A-Z]+) \S+ HTTP/gm)].map(([, method]) => method);
  const client = await RawClient.connect(folder.port());
  try {
    client.send(withPort(folder, requests, 8080));
    const all: Seen[] = [];
    for (let i = 0; i < count; i++) {
      const isHead = methods[i] === 'HEAD';
      all.push(masked(folder, await client.response(isHead), isHead));
    }
    return all;
  } finally {
    client.destroy();
  }
}

/** The response as it is compared. `isHead` says that the request was HEAD. */
export function masked(folder: SiteFolder, response: RawResponse, isHead: boolean): Seen {
  const isOwn = hasOwnPage(response, isHead);
  const isPacked = field(response, 'content-encoding') === 'gzip';
  const fields = response.fields
    .filter(([name]) => name !== 'Date' && name !== 'Server')
    .filter(([name]) => !(isOwn && name === 'Content-Length'))
    // Of files of gzip_static ranges are given since 1.29; test/parity/headers.test.ts asks for them.
    .filter(([name]) => !(isPacked && name === 'Accept-Ranges'))
    .map(([name, value]) => [name, name === 'Expires' ? afterDate(response, value) : value])
    .map(([name, value]) => maskedCsrf(maskedBoundary(folder.masked(`${name}: ${value}`))))
    .map((line, i) => ({ line, i, name: line.slice(0, line.indexOf(':')).toLowerCase() }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.i - b.i))
    .map(({ line }) => line);
  const content = maskedCsrf(maskedBoundary(maskedPage(folder.masked(contentOf(response)))));
  return { status: response.status, reason: response.reason, fields, content };
}

/** The two are not asked in the same second: what counts is the time from Date on. */
function afterDate(response: RawResponse, expires: string): string {
  const seconds = (Date.parse(expires) - Date.parse(field(response, 'date') ?? '')) / 1000;
  return `${seconds} s after Date`;
}

/** Two deflaters need not find the same matches: what comes out again is compared. */
function contentOf({ fields, content }: RawResponse): string {
  const isGzip = fields.some(([name, value]) => name === 'Content-Encoding' && value === 'gzip');
  return isGzip && content !== ''
    ? gunzipSync(Buffer.from(content, 'latin1')).toString('latin1')
    : content;
}

const TOKEN = /<hr><center>[^<]*<\/center>/g;

/** The names in built-in pages are of other length. Nothing else here says `text/html` to HEAD. */
function hasOwnPage({ content, fields, status }: RawResponse, isHead: boolean): boolean {
  if (content.includes('<hr><center>')) return true;
  const isHtml = fields.some(([name, value]) => name === 'Content-Type' && value === 'text/html');
  return isHtml && status >= 300 && isHead;
}

function maskedPage(text: string): string {
  return text.replaceAll(TOKEN, '<hr><center>masked</center>');
}

/** Each answer masks its CSRF token anew; a client without a secret is given one. */
function maskedCsrf(text: string): string {
  return text
    .replaceAll(/(csrftoken=)[\w-]{43}/g, '$1masked')
    .replaceAll(/(name="csrfmiddlewaretoken" value=")[\w-]{86}/g, '$1masked');
}

/** nginx's boundaries are a counter with zeros in front. */
function maskedBoundary(text: string): string {
  return text.replaceAll(/(boundary=|--)\d{20}/g, '$1masked');
}

/**
 * Lines of the access log up to the first that matches `last`, with times and lengths of what
 * differs masked. Waits for that line: a front logs once the client is gone.
 * Sorted, since several workers write it.
 */
export async function accessLines({ folder }: SiteFront, last: RegExp): Promise<string[]> {
  for (const deadline = Date.now() + PATIENCE_MS; !last.test(folder.read('run/access.log')); ) {
    if (Date.now() > deadline) throw new Error(`no ${last} in ${folder.read('run/access.log')}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return folder
    .masked(folder.read('run/access.log'))
    .split('\n')
    .slice(0, -1)
    .map((line) =>
      line
        .replace(/"time":"[^"]+"/, '"time":"masked"')
        // Compressed by another deflater, or a built-in page with a name in it.
        .replace(/"bytes":\d+(?=.*"agent":"(?:(?:own|gzip)[^"]*)?"\})/, '"bytes":"masked"')
        // Of a line that is too long nginx has what its buffer holds.
        .replace(/"(GET \/a{1000})a*[^"]*"/, '"$1"')
        .replaceAll(/\b\d+\.\d{3}\b/g, 'seconds'),
    )
    .sort();
}

/** Lines of the error log at warn and above, with what names a process or a connection masked, sorted. */
export function errorLines({ folder, program }: SiteFront): string[] {
  return folder
    .masked(program.output)
    .split('\n')
    .filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line))
    .map((line) =>
      line
        .replace(/^.*?\[(\w+)\] \d+#\d+: \*\d+ /, '[$1] ')
        .replace(/(temporary file) \S+,/, '$1 masked,')
        // How much of it was read when it was found too long.
        .replace(/(too large chunked body:) [\d+]+/, '$1 masked')
        // A line of the longest length ends earlier where the numbers in front take more room.
        .slice(0, 1800),
    )
    .sort();
}

/** Leaves a socket at which nobody listens, as a pool does that was killed. */
export async function leaveSocket({ socket }: SiteFronts): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  // Closing removes the path that it was bound to.
  renameSync(socket, `${socket}.kept`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${socket}.kept`, socket);
}

/** Lets a server of the test take the pool's place at the socket. */
export async function standIn(
  fronts: SiteFronts,
  serve: (socket: net.Socket) => void,
): Promise<{ stop(): Promise<void> }> {
  rmSync(fronts.socket, { force: true });
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket)).on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(fronts.socket, resolve));
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
