import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastWords } from './last-words.ts';

function after(text: string): readonly string[] {
  const words = new LastWords();
  for (const line of text.split('\n')) words.hear(line);
  return words.lines;
}

test('of a failed worker it is what the application threw, and where', () => {
  const text = `[2026-11-23 07:57:57 +0000] [16] [INFO] Booting worker with pid: 17
[2026-11-23 07:57:57 +0000] [16] [ERROR] Exception in worker process (pid:17)
Exception while loading "throws"
Error: boom
    at file:///site/throws.ts:2:7
    at ModuleJob.run (node:internal/modules/esm/module_job:561:25)
[2026-11-23 07:57:57 +0000] [16] [INFO] Shutting down: Master
[2026-11-23 07:57:57 +0000] [16] [INFO] Reason: Worker failed to boot.`;
  assert.deepEqual(after(text), [
    'Exception while loading "throws"',
    'Error: boom',
    '    at file:///site/throws.ts:2:7',
  ]);
});

test('where Node threw for a module, it is the line of that module', () => {
  const text = `[2026-11-23 07:57:57 +0000] [16] [ERROR] Exception in worker process (pid:17)
Exception while loading "app"
Error: Cannot find module 'lodash'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1564:15)
    at require (node:internal/modules/helpers:157:16)
    at Object.<anonymous> (/site/app.js:1:11)
    at Module._compile (node:internal/modules/cjs/loader:1929:14) {`;
  assert.deepEqual(after(text), [
    'Exception while loading "app"',
    "Error: Cannot find module 'lodash'",
    '    at Object.<anonymous> (/site/app.js:1:11)',
  ]);
});

test('a stack of Node alone says nothing of where', () => {
  const text = `[2026-11-23 07:57:57 +0000] [16] [ERROR] Exception in worker process (pid:17)
SyntaxError: Unexpected token ';'
    at compileSourceTextModule (node:internal/modules/esm/utils:319:16)
    at ModuleJob.link (node:internal/modules/esm/module_job:381:17)`;
  assert.deepEqual(after(text), ["SyntaxError: Unexpected token ';'"]);
});

test('of the proxy it is the reason, not that it gives up', () => {
  const text = `nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)
nginx: [emerg] still could not bind()`;
  assert.deepEqual(after(text), ['bind() to 0.0.0.0:80 failed (13: Permission denied)']);
});

test('a port that is for root alone is said to be one', () => {
  const words = new LastWords();
  words.hear('nginx: [emerg] bind() to unix:/run/a.sock failed (13: Permission denied)');
  assert.equal(words.advice, undefined);
  words.hear('nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)');
  assert.match(words.advice ?? '', /^only root may use ports below 1024: change "listen"/);
});

test('of a command line it is the complaint without the usage', () => {
  assert.deepEqual(after('usage: x [OPTIONS]\nx: error: unrecognized arguments: --y'), [
    'x: error: unrecognized arguments: --y',
  ]);
});

test('of settings it is all that is said of them, and where', () => {
  const text = `
Failed to read config file: /site/appserver.config.ts
Error: conf
    at file:///site/appserver.config.ts:26:7
    at ModuleJob.run (node:internal/modules/esm/module_job:561:25)`;
  assert.deepEqual(after(text), text.split('\n').slice(1, -1));
});

test('where nothing was wrong there are none', () => {
  assert.deepEqual(
    after('[2026-11-23 07:57:57 +0000] [16] [INFO] Listening at: unix:app.sock'),
    [],
  );
});
