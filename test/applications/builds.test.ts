/** Servers that frameworks build, which listen by themselves: built once, kept in built/. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startPool } from '../appserver/pool-process.ts';
import { missing, PACKAGES } from './packages.ts';

interface Build {
  /** The package that builds, and its program. */
  readonly tool: string;
  readonly program: string;
  readonly files: Readonly<Record<string, string>>;
  /** Where the server stands in the project, and how it is named there. */
  readonly output: string;
  readonly name: string;
}

const BUILDS: Record<string, Build> = {
  'Next.js standalone': {
    tool: 'next',
    program: 'next/dist/bin/next',
    files: {
      'package.json': '{ "private": true }',
      // Files of packages are looked for up to the folder that holds them.
      'next.config.mjs': `export default { output: 'standalone', outputFileTracingRoot: ${JSON.stringify(import.meta.dirname)} };`,
      'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
      'app/hello/route.js': `export const dynamic = 'force-dynamic'; export const GET = () => new Response('hello');`,
    },
    output: '.next/standalone/built/next/server.js',
    name: 'server.js',
  },
  Nitro: {
    tool: 'nitro',
    program: 'nitro/dist/cli/index.mjs',
    files: {
      'package.json': '{ "private": true, "type": "module" }',
      'nitro.config.js': `export default { preset: 'node-server', serverDir: '.' };`,
      'routes/hello.js': `import { defineHandler } from 'nitro/h3'; export default defineHandler(() => 'hello');`,
    },
    output: '.output/server/index.mjs',
    name: 'index.mjs',
  },
  SvelteKit: {
    tool: '@sveltejs/kit',
    program: 'vite/bin/vite.js',
    files: {
      'package.json': '{ "private": true, "type": "module" }',
      'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite'; import adapter from '@sveltejs/adapter-node';
        export default { plugins: [sveltekit({ adapter: adapter() })] };`,
      'src/app.html': '<html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>',
      'src/routes/hello/+server.js': `export const GET = () => new Response('hello');`,
      'src/routes/client/+server.js': `export const GET = ({ url, getClientAddress }) =>
        new Response(JSON.stringify([getClientAddress() ?? null, url.href]));`,
      'src/routes/form/+page.svelte': '<form method="post"></form>',
      'src/routes/form/+page.server.js': `export const actions = { default: () => ({}) };`,
    },
    output: 'build/index.js',
    name: 'index.js',
  },
};

for (const [name, build] of Object.entries(BUILDS)) {
  const options = { skip: missing(build.tool), timeout: 300_000 };
  test(`${name} listens in two workers, and the pool accepts`, options, async (t) => {
    const server = await built(build);
    const args = [join(dirname(server), build.name), '--workers', '2'];
    // Next ends the process at TERM by itself unless it is told that somebody else does.
    const pool = await startPool(t, { files: {}, args, env: { NEXT_MANUAL_SIG_HANDLE: '1' } });
    assert.equal((await pool.ask('/hello')).text, 'hello');
    await pool.sees(/The application listens on .*3000/, 2);
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
    assert.doesNotMatch(pool.log, /\[(WARNING|ERROR)\]/);
  });
}

test('SvelteKit sees client, scheme and its own forms by ADDRESS_HEADER and PROTOCOL_HEADER alone', {
  skip: missing('@sveltejs/kit'),
  timeout: 300_000,
}, async (t) => {
  const server = await built(BUILDS['SvelteKit']!);
  const front = { host: 'site.test', 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'http' };
  const seen = async (env: Readonly<Record<string, string>>): Promise<unknown[]> => {
    const pool = await startPool(t, { files: {}, args: [server], env });
    const form = {
      ...front,
      origin: 'http://site.test',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const { status } = await pool.ask('/form', { method: 'POST', headers: form });
    return [...JSON.parse((await pool.ask('/client', { headers: front })).text), status];
  };
  const env = { ADDRESS_HEADER: 'X-Forwarded-For', PROTOCOL_HEADER: 'X-Forwarded-Proto' };
  assert.deepEqual(await seen(env), ['192.0.2.1', 'http://site.test/client', 200]);
  // Without them it takes every scheme for https, and forms of a site without TLS for another's.
  const unaware = [null, 'https://site.test/client', 403];
  assert.deepEqual(await seen({}), unaware);
  assert.deepEqual(await seen({ ORIGIN: 'http://site.test' }), unaware);
});

/** The path of the server, built unless that was done for these files and this version. */
async function built({ tool, program, files, output }: Build): Promise<string> {
  const folder = join(import.meta.dirname, 'built', tool);
  const { version } = JSON.parse(readFileSync(join(PACKAGES, tool, 'package.json'), 'utf8'));
  const stamp = JSON.stringify({ version, files });
  const stampFile = join(folder, 'stamp.json');
  const server = join(folder, output);
  if (existsSync(server) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
    return server;
  }
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: 'true' };
  await promisify(execFile)(process.execPath, [join(PACKAGES, program), 'build'], {
    cwd: folder,
    env,
  });
  writeFileSync(stampFile, stamp);
  return server;
}
