/**
 * Starts the whole site for a test as `npm start` does: a fresh database, and `tandem up` with both
 * tiers on the project's nginx.conf. Whoever starts it stops it.
 */
import { join } from 'node:path';
import { Program } from './program.ts';
import { makeSiteFolder, PROJECT, type SiteFolder } from './site-folder.ts';

const TANDEM = join(PROJECT, 'bin', 'tandem.js');

/** A running site. */
export interface Stack {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  readonly folder: SiteFolder;
  /** The `tandem up` that runs it. */
  readonly program: Program;
  /** Ends it and deletes its folder. Rejects where it does not end well. */
  stop(): Promise<void>;
}

/** Starts a site with the sample questions on a free port of 127.0.0.1. */
export async function startStack(): Promise<Stack> {
  const folder = await makeSiteFolder();
  const program = startUp(folder);
  try {
    await program.sees(/^tandem \| ready at /m);
  } catch (error) {
    await program.stop();
    folder.remove();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${folder.port()}`,
    folder,
    program,
    async stop() {
      await program.stop();
      folder.remove();
      const code = await program.ended;
      if (code !== 0) throw new Error(`tandem up ended with ${code}:\n${program.output}`);
    },
  };
}

/** `tandem up` in a folder, on its way up; `words` follow `up`. */
export function startUp(
  folder: SiteFolder,
  words: readonly string[] = [],
  env: Readonly<Record<string, string | undefined>> = {},
): Program {
  return new Program(process.execPath, [TANDEM, 'up', ...words], {
    cwd: folder.path,
    env: { FORCE_COLOR: undefined, NO_COLOR: undefined, ...folder.env, ...env },
  });
}
