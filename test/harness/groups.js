// Puts test files that need no process of their own together: a start of Node with our modules costs
// more than most of these files do. Plain JavaScript for test/run.js, which any Node may start.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PROJECT = join(import.meta.dirname, '..', '..');

/** The process's own: others may run the tests of other files. */
const FOLDER = join(PROJECT, 'node_modules', '.cache', `test-groups-${process.pid}`);

/**
 * Files that may share a process, by the name of their group: they call what they test in this
 * process, or ask fronts that they start and end themselves.
 */
const GROUPS = Object.entries({
  parity: /^test\/parity\/(?!swap)/,
  units: /^(?!test\/)/,
  browser: /^test\/browser\//,
  app: /^test\/app\/(?!manage|pool|postgres)/,
  wire: /^test\/(?:configs|http1|wire-corpus)\//,
});

/**
 * What a file that wants a process for itself says: hooks that would run for the tests of others,
 * the clock, folder and environment of the process, its signals and its measure of memory.
 */
const ALONE =
  /^(?:before|after|beforeEach|afterEach)\(|\bmock\.|\bprocess\.(?:chdir|env|on|once|emit|exit|memoryUsage|cpuUsage)\b|installFetchGlobals/m;

/**
 * What the runner is to start for these files: each alone, or a file that imports a group of them.
 * @param {readonly string[]} files @returns {string[]}
 */
export function groupFiles(files) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  const alone = [];
  for (const file of files) {
    const name = GROUPS.find(([, pattern]) => pattern.test(file))?.[0];
    if (name === undefined || ALONE.test(readFileSync(file, 'utf8'))) alone.push(file);
    else groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return [...[...groups].map(([name, members]) => together(name, members)), ...alone];
}

/** @param {string} name @param {readonly string[]} files */
function together(name, files) {
  if (files.length === 1) return files[0] ?? '';
  mkdirSync(FOLDER, { recursive: true });
  process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
  const path = join(FOLDER, `${name}.js`);
  const urls = files.map((file) => pathToFileURL(resolve(file)).href);
  writeFileSync(path, urls.map((url) => `await import(${JSON.stringify(url)});\n`).join(''));
  return path;
}
