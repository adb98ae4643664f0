/**
 * Golden cases of the configuration language, read from the `.conftest` files beside this one.
 * README.md says how to add one. A case runs on anything that can test a file: a `TestFile`.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** One configuration and what testing it says. */
export interface ConfigCase {
  readonly name: string;
  /** The `.conftest` file it stands in. */
  readonly source: string;
  /** Directives that must have rows for the case to mean anything. */
  readonly needs: readonly string[];
  /** What `-g` gets, where the case has it. */
  readonly commandLine: string | undefined;
  /** Why nginx is not asked, where it would answer something else. */
  readonly notNginx: string | undefined;
  /** Files by name relative to the folder; `nginx.conf` is the main one. */
  readonly files: ReadonlyMap<string, string>;
  /** `[warn] ...` and `[emerg] ...` in order, the folder masked; empty where all is well. */
  readonly expected: readonly string[];
}

/** Tests `nginx.conf` in a folder (final slash) as `-t` does; gives messages, the folder in them. */
export type TestFile = (folder: string, commandLine: string | undefined) => readonly string[];

/** All cases of this folder, in the order of file names. */
export function loadCases(): ConfigCase[] {
  const folder = import.meta.dirname;
  return readdirSync(folder)
    .filter((name) => name.endsWith('.conftest'))
    .sort()
    .flatMap((name) => parseCases(readFileSync(join(folder, name), 'latin1'), name));
}

/** Cuts a `.conftest` file into its cases. */
export function parseCases(text: string, source: string): ConfigCase[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...sections] = part.split(/^--- /m);
      const [name = '', ...facts] = head.split('\n');
      const files = new Map(sections.map(cutSection));
      const expected = (files.get('expect') ?? '').split('\n').filter((line) => line !== '');
      files.delete('expect');
      assert.ok(files.has('nginx.conf'), `${source}: "${name}" has no nginx.conf`);
      return {
        name,
        source,
        needs: (factOf(facts, 'needs') ?? '').split(' ').filter((word) => word !== ''),
        commandLine: factOf(facts, '-g'),
        notNginx: factOf(facts, 'not nginx'),
        files,
        expected: expected.filter((line) => line !== 'ok'),
      };
    });
}

/** Runs one case: writes its files to a new folder, tests them, compares the messages. */
export function runCase(config: ConfigCase, test: TestFile): void {
  const folder = `${mkdtempSync(join(tmpdir(), 'conftest-'))}/`;
  try {
    for (const [name, text] of config.files) {
      mkdirSync(dirname(folder + name), { recursive: true });
      writeFileSync(folder + name, text, 'latin1');
    }
    const messages = test(folder, config.commandLine).map((line) => line.replaceAll(folder, ''));
    assert.deepEqual(messages, config.expected, `${config.source}: ${config.name}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function factOf(facts: readonly string[], key: string): string | undefined {
  return facts.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
}

/**
 * A section's first line is its name. The newline that ends a section is not part of it, so that a
 * file may end without one; `\N` stands for a NUL byte and `\R` for CR, which editors lose.
 */
function cutSection(section: string): [name: string, text: string] {
  const end = section.indexOf('\n');
  const text = section.slice(end + 1).replace(/\n$/, '');
  return [section.slice(0, end), text.replaceAll('\\N', '\0').replaceAll('\\R', '\r')];
}
