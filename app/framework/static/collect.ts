/** Gathers the static files of a site into one folder for the proxy (Django's collectstatic). */

import { readFileSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { ENDINGS } from './compress.ts';
import { MANIFEST_NAME, manifestText, type StaticPaths } from './manifest.ts';
import { type PlannedFile, planStaticFiles } from './plan.ts';
import { holds, otherFiles, StaticStore } from './store.ts';

/** Where static files come from and go to: settings of the site. */
export interface StaticFolders {
  readonly staticFolders: readonly string[];
  readonly staticUrl: string;
  readonly staticRoot: string;
}

/** What a run is to do besides. */
export interface CollectOptions {
  /** Deletes what is not of this run, such as former versions. */
  readonly isClear: boolean;
  /** Says what it would do, and does nothing. */
  readonly isDryRun: boolean;
  /** Takes a line for each file. */
  say(line: string): void;
}

/** How many files a run copied under their own names, found there already, and hashed anew. */
export interface CollectResult {
  readonly copied: number;
  readonly unmodified: number;
  readonly postProcessed: number;
}

/**
 * Puts every file under its own name and under its hashed name, with compressed siblings, and last
 * the manifest: pages name a file only when it is there. Each file appears whole. Files of former
 * runs stay, since pages that clients hold name them. Two runs at once do not harm each other.
 *
 * Throws where a file names one that is not there, and where source and destination overlap.
 */
export async function collectStatic(
  folders: StaticFolders,
  options: CollectOptions,
): Promise<CollectResult> {
  const plan = await planCollection(folders);
  return options.isDryRun
    ? pretend(folders.staticRoot, plan, options)
    : write(folders.staticRoot, plan, options);
}

/** What a run would write now. Writes nothing; throws what `collectStatic` throws. */
export async function planCollection({
  staticFolders,
  staticUrl,
  staticRoot,
}: StaticFolders): Promise<readonly PlannedFile[]> {
  for (const folder of staticFolders) {
    if (isInside(folder, staticRoot) || isInside(staticRoot, folder)) {
      throw new Error(`STATIC_ROOT "${staticRoot}" and the static folder "${folder}" overlap`);
    }
  }
  const plan = await planStaticFiles(staticFolders, staticUrl);
  if (plan.some(({ name }) => name === MANIFEST_NAME)) {
    throw new Error(
      `a static file cannot be named "${MANIFEST_NAME}": that is the name of the manifest`,
    );
  }
  return plan;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

/** The manifest's paths for `plan`. */
export function pathsOf(plan: readonly PlannedFile[]): StaticPaths {
  return Object.fromEntries(plan.map(({ name, hashedName }) => [name, hashedName]));
}

function write(
  staticRoot: string,
  plan: readonly PlannedFile[],
  { isClear, say }: CollectOptions,
): CollectResult {
  const taken = new Set(plan.map(({ name }) => name));
  const store = new StaticStore(staticRoot);
  let copied = 0;
  let postProcessed = 0;
  try {
    for (const { name, hashedName, source, rewritten } of plan) {
      const content = readFileSync(source);
      const { mtimeMs } = statSync(source);
      if (store.put(name, content, mtimeMs, taken)) copied++;
      const hashed = rewritten === undefined ? content : Buffer.from(rewritten);
      if (store.put(hashedName, hashed, mtimeMs, taken)) postProcessed++;
    }
    store.write(MANIFEST_NAME, manifestText(pathsOf(plan)));
    if (isClear) for (const name of store.clear()) say(`Deleting '${name}'`);
  } finally {
    store.close();
  }
  return { copied, unmodified: plan.length - copied, postProcessed };
}

function pretend(
  staticRoot: string,
  plan: readonly PlannedFile[],
  { isClear, say }: CollectOptions,
): CollectResult {
  let copied = 0;
  let postProcessed = 0;
  for (const { name, hashedName, source, rewritten } of plan) {
    const content = readFileSync(source);
    if (!holds(staticRoot, name, content)) {
      say(`Pretending to copy '${source}'`);
      copied++;
    }
    const hashed = rewritten === undefined ? content : Buffer.from(rewritten);
    if (!holds(staticRoot, hashedName, hashed)) postProcessed++;
  }
  if (isClear) {
    const kept = plan.flatMap(({ name, hashedName }) =>
      [name, hashedName].flatMap((one) => [one, ...ENDINGS.map((ending) => one + ending)]),
    );
    for (const name of otherFiles(staticRoot, new Set([...kept, MANIFEST_NAME]))) {
      say(`Pretending to delete '${name}'`);
    }
  }
  return { copied, unmodified: plan.length - copied, postProcessed };
}
