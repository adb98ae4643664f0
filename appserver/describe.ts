/** What others need to know of a pool's settings before it runs. */
import { resolve } from 'node:path';
import { parseBind, resolveHost, showBind } from './settings/address.ts';
import { parseCommandLine } from './settings/command-line.ts';
import { EnvFile } from './settings/env-file.ts';
import { loadSettings } from './settings/load.ts';

/** Where a pool will accept. */
export interface BoundAddress {
  /** As Gunicorn's ready line shows it: `unix:run/app.sock`, `http://127.0.0.1:8000`. */
  readonly text: string;
  /** An absolute path, or an IP literal; `undefined` for a socket that is there already. */
  readonly at:
    | { readonly path: string }
    | { readonly host: string; readonly port: number }
    | undefined;
}

/** Facts for whoever puts a front before the pool. */
export interface PoolDescription {
  /** `MODULE:EXPORT`; `null` where nothing names it. */
  readonly app: string | null;
  readonly bind: readonly BoundAddress[];
  /** Who says where: the words, a file or a variable, or nobody. */
  readonly boundBy: 'words' | 'settings' | 'default';
  /** Folder that relative paths of sockets stand against: `chdir`. */
  readonly folder: string;
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
    const commandLine = parseCommandLine(words);
    const loaded = await loadSettings(commandLine, process.env, { folder, serial: 0 });
    const { bind, keepalive, wsgi_app } = loaded.settings;
    return {
      app: wsgi_app,
      bind: await Promise.all(bind.map(boundAddress)),
      boundBy: commandLine.values.has('bind') ? 'words' : isDefault(bind) ? 'default' : 'settings',
      folder: process.cwd(),
      keepalive,
    };
  } catch {
    // Whatever it is, the pool meets it too, and has the words for it.
    return undefined;
  } finally {
    process.chdir(folder);
    undo();
  }
}

/** Gunicorn's default, also where `PORT` makes it: meant for a pool without a front. */
function isDefault([first, ...others]: readonly string[]): boolean {
  return (
    others.length === 0 &&
    (first === '127.0.0.1:8000' || first === `0.0.0.0:${process.env['PORT']}`)
  );
}

async function boundAddress(bind: string): Promise<BoundAddress> {
  const address = parseBind(bind);
  const text = showBind(address);
  if (address.kind === 'fd') return { text, at: undefined };
  if (address.kind === 'unix') return { text, at: { path: resolve(address.path) } };
  return { text, at: { host: await resolveHost(address.host), port: address.port } };
}
