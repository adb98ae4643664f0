/** What others need to know of a pool's settings before it runs. */
import { parseCommandLine } from './settings/command-line.ts';
import { EnvFile } from './settings/env-file.ts';
import { loadSettings } from './settings/load.ts';

/** Facts for whoever puts a front before the pool. */
export interface PoolDescription {
  /** Addresses as written: `unix:PATH`, `HOST:PORT`. */
  readonly bind: readonly string[];
  /** Seconds that an idle connection stays open; 0 keeps none. */
  readonly keepalive: number;
}

/**
 * Reads the settings of `tandem-appserver WORDS` in the working directory, which stays as it is, like
 * the environment. `undefined` where they can't be read: the pool will say why.
 */
export async function describePool(words: readonly string[]): Promise<PoolDescription | undefined> {
  const folder = process.cwd();
  const envFile = new EnvFile('.env', process.env);
  const undo = envFile.load();
  try {
    const { settings } = await loadSettings(parseCommandLine(words), process.env, {
      folder,
      serial: 0,
    });
    return { bind: settings.bind, keepalive: settings.keepalive };
  } catch {
    // Whatever it is, the pool meets it too, and has the words for it.
    return undefined;
  } finally {
    process.chdir(folder);
    undo();
  }
}
