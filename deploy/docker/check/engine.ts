/** The engine: runs docker and compose, whichever of its two forms is installed. */
import { execFile } from 'node:child_process';

/** No command takes longer than this: an image may have to be pulled. */
const PATIENCE_MS = 900_000;
/** Room for the log of a container. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/** Runs a program and gives what it wrote to standard output; rejects with all it said where it fails. */
export function run(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const options = { env, timeout: PATIENCE_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${words.join(' ')}\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** Runs `docker` and gives what it wrote, without white space around it. */
export async function docker(...words: readonly string[]): Promise<string> {
  return (await run('docker', words)).trim();
}

/** The words that begin a compose command: COMPOSE of the environment, or what is installed. */
export async function findCompose(): Promise<readonly string[]> {
  const named = process.env['COMPOSE'];
  if (named) return named.split(' ');
  for (const words of [['docker', 'compose'], ['docker-compose']]) {
    const [program = '', ...rest] = words;
    const isThere = await run(program, [...rest, 'version']).then(
      () => true,
      () => false,
    );
    if (isThere) return words;
  }
  throw new Error('neither "docker compose" nor "docker-compose" is installed');
}

/** One project of containers: the services of docker-compose.yml under a name of their own. */
export class Project {
  readonly name: string;
  readonly #words: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  /** `compose` from `findCompose`; `env` is added to the environment that the file reads. */
  constructor(
    compose: readonly string[],
    name: string,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.name = name;
    this.#words = [...compose, '-p', name];
    this.#env = { ...process.env, ...env };
  }

  /** Runs a compose command, such as `up -d`. */
  compose(...words: readonly string[]): Promise<string> {
    const [program = '', ...rest] = this.#words;
    return run(program, [...rest, ...words], this.#env);
  }

  /** The id of the one container of `service`, running or not. */
  async container(service: string): Promise<string> {
    const labels = [`project=${this.name}`, `service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
    const found = await docker('ps', '-aq', '--no-trunc', ...filters);
    if (!/^[0-9a-f]{64}$/.test(found))
      throw new Error(`"${found}" is no one container of ${service}`);
    return found;
  }

  /** Ends and removes everything of this project, its volumes included. */
  async remove(): Promise<void> {
    const profiles = ['--profile', 'nginx', '--profile', 'postgres'];
    await this.compose(...profiles, 'down', '--volumes', '--remove-orphans');
  }
}
