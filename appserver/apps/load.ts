/**
 * Finds an application by `MODULE:EXPORT` or `MODULE:FACTORY("literal", 1)`. Gunicorn: util.import_app.
 */
import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { AppLoadError, EXIT_APP_LOAD_ERROR, EXIT_BOOT_ERROR } from '../errors.ts';

/** What an application's name says. */
export interface AppName {
  readonly module: string;
  readonly export: string | undefined;
  /** Arguments of the factory; `undefined` where the export is the application itself. */
  readonly args: readonly unknown[] | undefined;
}

/** What was found under a name. */
export interface LoadedApp {
  /** The export, a factory's result awaited. */
  readonly value: unknown;
  /** Everything the module exports: where `startup` and `shutdown` are looked for. */
  readonly exports: Readonly<Record<string, unknown>>;
  /** The export it was found under: `default`, `app`, ... */
  readonly exportName: string;
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

/** Loads the module and takes the application from it. Throws AppLoadError. */
export async function loadApp(name: string, folder: string): Promise<LoadedApp> {
  const parsed = parseAppName(name);
  const exports = await importModule(parsed.module, folder);
  const { exportName, value } = findExport(parsed, exports);
  if (parsed.args === undefined) return { value, exports, exportName };
  if (typeof value !== 'function') {
    throw loadError(`"${exportName}" in "${parsed.module}" is no function that could be called`);
  }
  try {
    return { value: await value(...parsed.args), exports, exportName };
  } catch (cause) {
    const message = `Exception in "${exportName}()" of "${parsed.module}"`;
    throw new AppLoadError(message, EXIT_BOOT_ERROR, { cause, detail: inspect(cause) });
  }
}

type Exports = Readonly<Record<string, unknown>>;

function findExport(name: AppName, exports: Exports): { exportName: string; value: unknown } {
  const inner = innerExports(exports);
  if (name.export !== undefined) {
    const holder = [exports, inner].find((candidate) => candidate && name.export! in candidate);
    if (holder) return { exportName: name.export, value: holder[name.export] };
    const seen = listExports(exports);
    throw loadError(`Failed to find export "${name.export}" in "${name.module}" (it has ${seen})`);
  }
  for (const exportName of USUAL_EXPORTS) {
    for (const holder of [exports, inner]) {
      const value = holder?.[exportName];
      // A transpiled CommonJS module has its default export within the default.
      if (value !== undefined && !(exportName === 'default' && isModuleLike(value))) {
        return { exportName, value };
      }
    }
  }
  const tried = USUAL_EXPORTS.join(', ');
  throw loadError(
    `Failed to find an application in "${name.module}": looked for ${tried} (it has ${listExports(exports)})`,
  );
}

/** `module.exports` of a transpiled CommonJS module. */
function innerExports(exports: Exports): Exports | undefined {
  const inner = exports['default'];
  return isModuleLike(inner) ? (inner as Exports) : undefined;
}

function isModuleLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '__esModule' in value;
}

function listExports(exports: Exports): string {
  const names = Object.keys(exports).filter((name) => name !== 'module.exports');
  return names.length === 0 ? 'no exports' : names.join(', ');
}

async function importModule(module: string, folder: string): Promise<Exports> {
  const tried: string[] = [];
  const path = findFile(module, folder, tried);
  const cannotBePackage = isAbsolute(module) || module.startsWith('.');
  if (path === undefined && cannotBePackage) throw notFound(module, tried);
  try {
    if (path !== undefined) return (await import(pathToFileURL(path).href)) as Exports;
    return await importPackage(module, folder);
  } catch (cause) {
    if (path === undefined && isUnresolved(cause, folder)) throw notFound(module, tried, cause);
    const message = `Exception while loading "${module}"`;
    throw new AppLoadError(message, EXIT_BOOT_ERROR, { cause, detail: describe(cause) });
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

/** Imports a package as a module in `folder` would. */
async function importPackage(specifier: string, folder: string): Promise<Exports> {
  const parentURL = pathToFileURL(importerIn(folder)).href;
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

/** A syntax error's stack begins with its place: FILE:LINE, the line and a caret. */
function describe(error: unknown): string {
  return inspect(error);
}
