/** Imports a module anew, with all that it imports: what a reload of the configuration needs. */
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const MARK = 'reload';
const { cache } = createRequire(import.meta.url);

/**
 * A module is evaluated once per URL, so that a reload asks for other ones: `serial` is 1 for the
 * first, and so on; 0 imports as usual. Packages stay as they are. The former copies stay in memory,
 * a few kilobytes for each reload.
 */
export async function importAnew(
  path: string,
  serial: number,
): Promise<Readonly<Record<string, unknown>>> {
  const { href } = pathToFileURL(path);
  if (serial === 0) return import(href);
  // CommonJS has a cache of its own, by file.
  for (const file of Object.keys(cache)) if (!isPackage(file)) delete cache[file];
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const isOurs = isMarked(context.parentURL, serial) && found.format !== 'builtin';
      return isOurs && isFile(found.url) ? { ...found, url: marked(found.url, serial) } : found;
    },
  });
  try {
    return await import(marked(href, serial));
  } finally {
    hooks.deregister();
  }
}

function marked(url: string, serial: number): string {
  const other = new URL(url);
  other.searchParams.set(MARK, String(serial));
  return other.href;
}

function isMarked(url: string | undefined, serial: number): boolean {
  return url !== undefined && URL.parse(url)?.searchParams.get(MARK) === String(serial);
}

function isFile(url: string): boolean {
  return url.startsWith('file:') && !isPackage(url);
}

function isPackage(path: string): boolean {
  return path.includes('/node_modules/');
}
