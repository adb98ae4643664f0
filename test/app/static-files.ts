/** A folder of static files and an empty one to collect them in, for tests of collectstatic. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type CollectResult,
  collectStatic,
  type StaticFolders,
} from '../../app/framework/static/collect.ts';
import { readManifest } from '../../app/framework/static/manifest.ts';
import { temporaryFolder } from './database.ts';

/** The two folders and what a test does with them. */
export interface StaticSite extends StaticFolders {
  /** Writes a file of the source folder. */
  write(name: string, content: string | Buffer): void;
  /** Collects; `said` has the lines. */
  collect(how?: {
    isClear?: boolean;
    isDryRun?: boolean;
  }): Promise<CollectResult & { said: string[] }>;
  /** The content of a collected file. */
  read(name: string): Buffer;
  /** The hashed name that the manifest gives `name`. */
  hashed(name: string): string;
}

/** Makes the folders, with `files`, for the time of test `t`. */
export async function makeStaticSite(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<StaticSite> {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'source');
  const folders = {
    staticFolders: [source],
    staticUrl: '/static/',
    staticRoot: join(folder, 'to'),
  };
  const write = (name: string, content: string | Buffer) => {
    mkdirSync(dirname(join(source, name)), { recursive: true });
    writeFileSync(join(source, name), content);
  };
  mkdirSync(source);
  for (const [name, content] of Object.entries(files)) write(name, content);
  return {
    ...folders,
    write,
    async collect({ isClear = false, isDryRun = false } = {}) {
      const said: string[] = [];
      const say = (line: string) => said.push(line);
      return { ...(await collectStatic(folders, { isClear, isDryRun, say })), said };
    },
    read: (name) => readFileSync(join(folders.staticRoot, name)),
    hashed: (name) => readManifest(folders.staticRoot)?.[name] ?? '',
  };
}
