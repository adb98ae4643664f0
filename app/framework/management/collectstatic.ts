/** `manage.ts collectstatic`: Django's command, with its options and its words. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type CommandArguments, CommandError } from '../commands.ts';
import { type CollectResult, collectStatic, type StaticFolders } from '../static/collect.ts';
import { MANIFEST_NAME } from '../static/manifest.ts';

/** Runs the command, whose options are `noinput`, `clear` and `dry-run`; prints how many files it copied. */
export async function runCollectstatic(
  folders: StaticFolders,
  { options }: CommandArguments,
): Promise<void> {
  const isClear = options['clear'] === true;
  const isDryRun = options['dry-run'] === true;
  if (options['noinput'] !== true && !isDryRun) await confirm(folders.staticRoot, isClear);
  const result = await collect(folders, isClear, isDryRun);
  console.log(summaryOf(result, folders.staticRoot));
}

async function collect(folders: StaticFolders, isClear: boolean, isDryRun: boolean) {
  try {
    return await collectStatic(folders, { isClear, isDryRun, say: (line) => console.log(line) });
  } catch (error) {
    // A system call that fails is no mistake in a static file: it keeps its stack.
    if (!(error instanceof Error) || 'code' in error) throw error;
    throw new CommandError(`cannot collect the static files: ${error.message}`, { cause: error });
  }
}

/** "2 static files copied to '/srv/static', 1 unmodified, 2 post-processed." */
function summaryOf({ copied, unmodified, postProcessed }: CollectResult, root: string): string {
  const parts = [`${copied} static file${copied === 1 ? '' : 's'} copied to '${root}'`];
  if (unmodified > 0) parts.push(`${unmodified} unmodified`);
  if (postProcessed > 0) parts.push(`${postProcessed} post-processed`);
  return `${parts.join(', ')}.`;
}

/**
 * Asks before files go that may be nobody's to delete: with `--clear`, and where the folder holds
 * files but no manifest. Django asks each time. Without a terminal to ask on it is refused.
 */
async function confirm(root: string, isClear: boolean): Promise<void> {
  const isOurs = existsSync(join(root, MANIFEST_NAME));
  const isEmpty = !existsSync(root) || readdirSync(root).length === 0;
  if (isEmpty || (isOurs && !isClear)) return;
  const danger = isClear ? 'delete all other files in' : 'overwrite files in';
  if (!process.stdin.isTTY) {
    throw new CommandError(`this may ${danger} '${root}': use --noinput to allow it`);
  }
  const line = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await line.question(`This will ${danger} '${root}'. Type 'yes' to continue: `);
    if (answer !== 'yes') throw new CommandError('Collecting static files cancelled.');
  } finally {
    line.close();
  }
}
