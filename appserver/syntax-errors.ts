/**
 * Where a syntax error of an ES module stands. Node says so when it ends a program with the error, but
 * keeps the place from whoever catches it; of CommonJS and TypeScript the stack begins with the place.
 */
import { spawnSync } from 'node:child_process';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Does `work`, which imports; a syntax error it throws has its place at the start of its stack. */
export async function withPlaces<T>(work: () => Promise<T>): Promise<T> {
  // A module is compiled as soon as it is found, before what it imports is: the last is the one.
  let last = '';
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      last = found.url;
      return found;
    },
  });
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyntaxError && last.startsWith('file:')) addPlace(error, last);
    throw error;
  } finally {
    hooks.deregister();
  }
}

function addPlace(error: SyntaxError, url: string): void {
  const { stack = '' } = error;
  // What does not begin with the name has a place already; so have imports that a module lacks.
  const isBare = stack.startsWith(`SyntaxError: ${error.message}\n    at compileSourceTextModule`);
  if (isBare) error.stack = `${placeIn(fileURLToPath(url), error.message)}\n\n${stack}`;
}

/** `FILE:LINE`, the line and a caret, as Node prints them; the file alone where it finds no error. */
function placeIn(file: string, message: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
  const end = stderr.indexOf(`\n\nSyntaxError: ${message}\n`);
  return end === -1 ? file : stderr.slice(0, end);
}
