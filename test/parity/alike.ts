/** Compares all that nginx and ours send on one connection, responses one after another. */
import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Front } from '../harness/front.ts';
import { masks, type Pair } from '../harness/parity.ts';
import { converse } from '../harness/raw-client.ts';

/** Modification time of all files after `sameTimes`, and how HTTP writes it. */
export const CHANGED = 1_700_000_000;
export const CHANGED_TEXT = 'Tue, 14 Nov 2023 22:13:20 GMT';

/** Gives all files under `root` of both folders one time, so that dates and tags are the same. */
export function sameTimes(pair: Pair, root: string): void {
  for (const front of [pair.nginx, pair.tandem]) setTimes(join(front.folder, root));
}

function setTimes(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) setTimes(path);
    if (!entry.isSymbolicLink()) utimesSync(path, CHANGED, CHANGED);
  }
}

/**
 * Sends the same bytes to both and asserts that both answer alike up to the close: status lines,
 * field lines in any order, content. Masked: Date, Server, tokens, ports, folders, the length of a
 * built-in page, and boundaries. `mask` takes out more.
 */
export async function assertAlike(
  pair: Pair,
  request: string,
  named = 8080,
  mask: (text: string) => string = (text) => text,
): Promise<void> {
  const [theirs, ours] = await Promise.all([
    answered(pair.nginx, request, named, mask),
    answered(pair.tandem, request, named, mask),
  ]);
  assert.deepEqual(ours, theirs, `answers to ${JSON.stringify(request.slice(0, 400))} differ`);
}

async function answered(
  front: Front,
  request: string,
  named: number,
  mask: (text: string) => string,
): Promise<string[]> {
  const text = mask(masks(front, await converse(front.port(named), request)))
    .replaceAll(/(boundary=|--)\d{20}/g, '$1masked')
    .replaceAll(/^[0-9a-f]+\r\n(?=<html>)/gm, 'size\r\n');
  return text.split(/(?=HTTP\/1\.1 )/).map(sorted);
}

function sorted(response: string): string {
  const end = response.indexOf('\r\n\r\n');
  if (!response.startsWith('HTTP/') || end === -1) return response;
  const [status = '', ...fields] = response.slice(0, end).split('\r\n');
  const content = response.slice(end);
  // A built-in page names us, and so differs in length; HEAD shows the length alone.
  const isPage = / [345]\d\d /.test(status);
  const lines = fields.map((line) =>
    isPage ? line.replace(/^Content-Length: \d+$/, 'Content-Length: masked') : line,
  );
  return [status, ...lines.sort()].join('\r\n') + content;
}

/** One request line with Host, further fields and `Connection: close`. */
export function ask(line: string, ...fields: readonly string[]): string {
  const has = (name: string): boolean => fields.some((text) => text.toLowerCase().startsWith(name));
  const lines = [line, ...(has('host:') ? [] : ['Host: localhost']), ...fields];
  if (!has('connection:')) lines.push('Connection: close');
  return [...lines, '', ''].join('\r\n');
}

/** `GET path` as `ask` has it. */
export function get(path: string, ...fields: readonly string[]): string {
  return ask(`GET ${path} HTTP/1.1`, ...fields);
}
