/** An example in a folder of its own under each front: Debian's nginx and ours, and pools behind them. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGES } from '../applications/packages.ts';
import { freePorts } from '../harness/ports.ts';
import { Program } from '../harness/program.ts';
import { ask, type RawResponse } from '../harness/raw-client.ts';
import { PROJECT } from '../harness/site-folder.ts';
import { accepts } from '../parity/site-fronts.ts';

const NGINX = '/usr/sbin/nginx';

/** One front that runs an example. */
export interface ExampleFront {
  readonly name: 'nginx' | 'tandem';
  readonly port: number;
  readonly folder: string;
  ask(request: string): Promise<RawResponse>;
}

/** An example under both fronts. Whoever starts it stops it. */
export class RunningExample {
  readonly #name: string;
  readonly #fronts: ExampleFront[] = [];
  readonly #programs: Program[] = [];
  readonly #folders: string[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  get fronts(): readonly ExampleFront[] {
    return this.#fronts;
  }

  /** Starts both fronts. `ports` says what stands in place of ports that the file names. */
  async start(ports: Readonly<Record<string, number>> = {}): Promise<void> {
    for (const name of ['nginx', 'tandem'] as const) {
      const [port = 0] = await freePorts(1);
      const folder = this.#makeFolder();
      const path = join(folder, 'nginx.conf');
      let text = readFileSync(path, 'utf8').replaceAll('listen 8080', `listen 127.0.0.1:${port}`);
      text = text.replaceAll(/listen +8080/g, `listen 127.0.0.1:${port}`);
      for (const [named, real] of Object.entries({ 8080: port, ...ports })) {
        text = text.replaceAll(new RegExp(`(?<=:)${named}\\b`, 'g'), String(real));
      }
      writeFileSync(path, text);
      const program = startFront(name, folder);
      this.#programs.push(program);
      await accepts(port, program);
      this.#fronts.push({ name, port, folder, ask: (request) => ask(port, request) });
    }
  }

  /** Starts a pool and puts its socket where both fronts look for it. */
  async startPool(app: string, socket: string, wantsMore = false): Promise<Program> {
    const folder = this.#makeFolder(wantsMore);
    const path = join(folder, socket);
    const words = [join(PROJECT, 'bin/tandem-appserver.js'), app, '--bind', `unix:${path}`];
    const pool = new Program(process.execPath, words, { cwd: folder });
    this.#programs.push(pool);
    await accepts(path, pool);
    for (const front of this.#fronts) {
      const link = join(front.folder, socket);
      rmSync(link, { force: true });
      symlinkSync(path, link);
    }
    return pool;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  #makeFolder(wantsMore = false): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-example-')));
    this.#folders.push(folder);
    cpSync(join(PROJECT, 'examples', this.#name), folder, { recursive: true });
    mkdirSync(join(folder, 'run'));
    const packages = wantsMore ? PACKAGES : join(PROJECT, 'node_modules');
    symlinkSync(packages, join(folder, 'node_modules'));
    return folder;
  }
}

function startFront(name: ExampleFront['name'], cwd: string): Program {
  if (name === 'tandem') {
    const words = [join(PROJECT, 'bin/tandem-proxy.js'), '-p', '.', '-c', 'nginx.conf'];
    return new Program(process.execPath, words, { cwd });
  }
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) {
    const path = join(cwd, 'nginx.conf');
    const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const lines = temps.map((one) => `${one}_temp_path run/${one};`).join('\n');
    writeFileSync(path, readFileSync(path, 'utf8').replace('http {', `http {\n${lines}`));
  }
  const more = `daemon off;${isRoot ? ' user root;' : ''}`;
  const words = ['-p', `${cwd}/`, '-e', 'stderr', '-c', join(cwd, 'nginx.conf'), '-g', more];
  return new Program(NGINX, words, { cwd });
}
