/**
 * A folder as `npm start` finds it: the project's nginx.conf with other ports, appserver.config.ts,
 * the application, and a database of its own. Several can run at the same time.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readSettings } from '../../app/config/settings.ts';
import { collectStatic } from '../../app/framework/static/collect.ts';
import { freePorts } from './ports.ts';

export const PROJECT = join(import.meta.dirname, '..', '..');

/** The ports that nginx.conf names. */
const NAMED_PORTS = [8080, 8081];

export interface SiteFolder {
  readonly path: string;
  /** What the tiers need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The real port for one that nginx.conf names; 8080 unless given. */
  port(named?: number): number;
  /** Takes out what is this folder's own: its path and its ports. */
  masked(text: string): string;
  /** The text of a file, '' where there is none. */
  read(name: string): string;
  write(name: string, content: string): void;
  /** Replaces text of nginx.conf; throws where it does not stand there. */
  edit(before: string, after: string): void;
  remove(): void;
}

/**
 * Makes the folder with collected static files, and, unless told otherwise, with migrated tables and the
 * sample questions.
 */
export async function makeSiteFolder(options: { database?: boolean } = {}): Promise<SiteFolder> {
  const folder = new Folder(await freePorts(NAMED_PORTS.length));
  await folder.collectStatic();
  if (options.database !== false) {
    for (const command of ['migrate', 'seed']) await folder.manage(command);
  }
  return folder;
}

class Folder implements SiteFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-site-')));
  readonly env;
  private readonly ports: readonly number[];

  constructor(ports: readonly number[]) {
    this.ports = ports;
    this.env = {
      DATABASE_PATH: join(this.path, 'db.sqlite3'),
      STATIC_ROOT: join(this.path, 'run', 'static'),
      PROTECTED_ROOT: join(this.path, 'run', 'protected'),
      WEB_CONCURRENCY: '2',
    };
    // nginx started as root reads files as another user.
    chmodSync(this.path, 0o755);
    symlinkSync(join(PROJECT, 'app'), join(this.path, 'app'));
    copyFileSync(join(PROJECT, 'appserver.config.ts'), join(this.path, 'appserver.config.ts'));
    const text = readFileSync(join(PROJECT, 'nginx.conf'), 'utf8');
    this.write('nginx.conf', withPorts(text, ports));
  }

  port(named = 8080): number {
    const port = this.ports[NAMED_PORTS.indexOf(named)];
    if (port === undefined) throw new Error(`nginx.conf does not name port ${named}`);
    return port;
  }

  masked(text: string): string {
    let masked = text.replaceAll(this.path, '/folder');
    this.ports.forEach((port, i) => {
      masked = masked.replaceAll(String(port), String(NAMED_PORTS[i]));
    });
    return masked;
  }

  read(name: string): string {
    try {
      return readFileSync(join(this.path, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  write(name: string, content: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  edit(before: string, after: string): void {
    const text = this.read('nginx.conf');
    if (!text.includes(before)) throw new Error(`nginx.conf does not say ${before}`);
    this.write(
      'nginx.conf',
      text.replace(before, () => after),
    );
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  async collectStatic(): Promise<void> {
    const settings = readSettings(this.env);
    await collectStatic(settings, { isClear: false, isDryRun: false, say: () => {} });
  }

  async manage(command: string): Promise<void> {
    const env = { ...process.env, ...this.env };
    await promisify(execFile)(process.execPath, [join(this.path, 'app/manage.ts'), command], {
      env,
    });
  }
}

/** Only `listen` lines change; 127.0.0.1 keeps the test to this machine. */
function withPorts(text: string, ports: readonly number[]): string {
  return text.replaceAll(/^(\s*listen\s+)(\d+)/gm, (_, listen: string, named: string) => {
    const port = ports[NAMED_PORTS.indexOf(Number(named))];
    if (port === undefined) throw new Error(`nginx.conf names port ${named}: add it here`);
    return `${listen}127.0.0.1:${port}`;
  });
}
