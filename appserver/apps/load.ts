/**
 * Finds an application by `MODULE:EXPORT` or `MODULE:FACTORY("literal", 1)`. Gunicorn: util.import_app.
 */
import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { AppLoadError, EXIT_APP_LOAD_ERROR, EXIT_BOOT_ERROR } from '../errors.ts';
import { withPlaces } from '../syntax-errors.ts';

/** What an application's name says. */
export interface AppName {
  readonly module: string;
  readonly export: string | undefined;
  /** Arguments of the factory; `undefined` where the export is the application itself. */
  readonly args: readonly unknown[] | undefined;
}

/** What may be the application. */
export interface Candidate {
  /** The export it was found under: `default`, `app`, ... */
  readonly exportName: string;
  readonly value: unknown;
}

/** What was found under a name. */
export interface LoadedModule {
  /** Everything the module exports: where `startup` and `shutdown` are looked for. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** The export that was named, or a factory's result; else those that usually are one, in order. */
  readonly candidates: readonly Candidate[];
  /** Imports a package as the module would. */
  importPackage(specifier: string): Promise<Exports>;
}

/** Where an application is looked for when its name has no export. */
const USUAL_EXPORTS = ['default', 'application', 'app', 'server', 'handler', 'fetch', 'listener'];
const EXTENSIONS = ['', '.ts', '.js', '.mjs', '.mts', '.cjs', '.cts'];
const INDEXES = ['index.ts', 'index.js', 'index.mjs', 'index.mts', 'index.cjs'];

/** Reads a name. Throws AppLoadError where it cannot be one. */
export function parseAppName(name: string): AppName {
  const match = /^(.+?)(?::([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*(?:\((.*)\))?)?$/su.exec(name);
  // A colon that no export follows is a mistake, not part of a path.
  if (match === null || (match[2] === undefined && /:(?!\/\/|[\\/])/.test(name))) {
    throw loadError(`Failed to parse "${name}" as an export name or a call of a factory`);
  }
  const args = match[3] === undefined ? undefined : parseLiterals(match[3], name);
  return { module: match[1]!, export: match[2], args };
}

function parseLiterals(text: string, name: string): readonly unknown[] {
  // JSON, with the single quotes of Python and JavaScript beside.
  const json = text.replace(/"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'/gs, (whole, inner?: string) =>
    inner === undefined ? whole : JSON.stringify(inner.replace(/\\(.)/gs, '$1')),
  );
  try {
    return JSON.parse(`[${json}]`) as unknown[];
  } catch (cause) {
    throw loadError(
      `Failed to parse "${name}": the arguments of a factory must be literals`,
      cause,
    );
  }
}

function loadError(message: string, cause?: unknown): AppLoadError {
  return new AppLoadError(message, EXIT_APP_LOAD_ERROR, { cause });
}

/** Loads the module and finds what may be the application in it. Throws AppLoadError. */
export async function loadModule(name: AppName, folder: string): Promise<LoadedModule> {
  const { exports, importer } = await importModule(name.module, folder);
  const candidates = await findCandidates(name, exports);
  return { exports, candidates, importPackage: (specifier) => importFrom(specifier, importer) };
}

type Exports = Readonly<Record<string, unknown>>;

async function findCandidates(name: AppName, exports: Exports): Promise<readonly Candidate[]> {
  if (name.export === undefined) return usualCandidates(exports);
  const { export: exportName, module, args } = name;
  const holder = [exports, ...innerExports(exports)].find((one) => exportName in one);
  if (holder === undefined) {
    const seen = listExports(exports);
    throw loadError(`Failed to find export "${exportName}" in "${module}" (it has ${seen})`);
  }
  const value = holder[exportName];
  if (args === undefined) return [{ exportName, value }];
  if (typeof value !== 'function') {
    throw loadError(`"${exportName}" in "${module}" is no function that could be called`);
  }
  try {
    // What a factory makes may be a function; the factory's name says nothing of it.
    return [{ exportName: '', value: await value(...args) }];
  } catch (cause) {
    const message = `Exception in "${exportName}()" of "${module}"`;
    throw new AppLoadError(message, EXIT_BOOT_ERROR, { cause, detail: inspect(cause) });
  }
}

function usualCandidates(exports: Exports): readonly Candidate[] {
  const candidates: Candidate[] = [];
  const holders = [exports, ...innerExports(exports)];
  for (const exportName of USUAL_EXPORTS) {
    for (const holder of holders) {
      const value = holder[exportName];
      if (value === undefined || candidates.some((known) => known.value === value)) continue;
      // A transpiled CommonJS module has its default export within the default.
      if (exportName === 'default' && isTranspiled(value)) continue;
      candidates.push({ exportName, value });
    }
  }
  return candidates;
}

/** Why a module without a candidate holds no application. */
export function noCandidate(name: AppName, exports: Exports): AppLoadError {
  const tried = USUAL_EXPORTS.join(', ');
  // What `react-router build` makes: data for a function of theirs.
  if ('routes' in exports && 'entry' in exports && 'assetsBuildDirectory' in exports) {
    return loadError(
      `"${name.module}" is a build of React Router and no application: export (request) => handle(request) ` +
        'from a module that has made handle by createRequestHandler(build) of react-router',
    );
  }
  return loadError(
    `Failed to find an application in "${name.module}": looked for ${tried} (it has ${listExports(exports)}), and it calls no listen()`,
  );
}

/**
 * Objects whose members are exports as well: `module.exports` of CommonJS, where Node has not seen
 * its members, and a default export that holds nothing else.
 */
function innerExports(exports: Exports): Exports[] {
  const inner = exports['default'];
  return isTranspiled(inner) || isPlain(inner) ? [inner as Exports] : [];
}

function isTranspiled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '__esModule' in value;
}

/** Not an instance of something, whose members are its methods. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function listExports(exports: Exports): string {
  const names = Object.keys(exports).filter((name) => name !== 'module.exports');
  return names.length === 0 ? 'no exports' : names.join(', ');
}

async function importModule(
  module: string,
  folder: string,
): Promise<{ exports: Exports; importer: string }> {
  const tried: string[] = [];
  const path = findFile(module, folder, tried);
  const cannotBePackage = isAbsolute(module) || module.startsWith('.');
  if (path === undefined && cannotBePackage) throw notFound(module, tried);
  try {
    if (path === undefined) {
      const importer = importerIn(folder);
      return { exports: await withPlaces(() => importFrom(module, importer)), importer };
    }
    const { href } = pathToFileURL(path);
    return { exports: (await withPlaces(() => import(href))) as Exports, importer: path };
  } catch (cause) {
    if (path === undefined && isUnresolved(cause, folder)) throw notFound(module, tried, cause);
    const message = `Exception while loading "${module}"`;
    throw new AppLoadError(message, EXIT_BOOT_ERROR, { cause, detail: inspect(cause) });
  }
}

/** A file by its path, without or with extension, or the index of a folder. */
function findFile(module: string, folder: string, tried: string[]): string | undefined {
  const base = resolve(folder, module);
  const candidates = [
    ...EXTENSIONS.map((extension) => base + extension),
    ...INDEXES.map((index) => `${base}/${index}`),
  ];
  for (const candidate of candidates) {
    if (existsSync(candidate) && statSync(candidate).isFile()) return candidate;
  }
  tried.push(`${base}{${EXTENSIONS.filter(Boolean).join(',')}}`);
  return undefined;
}

/** The name by which a package is asked for; no such file need exist. */
function importerIn(folder: string): string {
  return `${folder}/application`;
}

/** Imports a package as the module at `importer` would. */
async function importFrom(specifier: string, importer: string): Promise<Exports> {
  const parentURL = pathToFileURL(importer).href;
  const hooks = registerHooks({
    resolve: (name, context, next) =>
      next(name, name === specifier ? { ...context, parentURL } : context),
  });
  try {
    return (await import(specifier)) as Exports;
  } finally {
    hooks.deregister();
  }
}

/** Whether the package itself is missing, not one that it imports. */
function isUnresolved(error: unknown, folder: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const isMissing = error.code === 'ERR_MODULE_NOT_FOUND';
  if (!isMissing) return error.code === 'ERR_INVALID_MODULE_SPECIFIER';
  return error.message.endsWith(`imported from ${importerIn(folder)}`);
}

function notFound(module: string, tried: readonly string[], cause?: unknown): AppLoadError {
  const package_ = module.startsWith('.') || isAbsolute(module) ? '' : ' and no such package';
  const message = `No module named "${module}": no file ${tried.join(', ')}${package_}`;
  return new AppLoadError(message, EXIT_BOOT_ERROR, { cause });
}
