/**
 * What a bare function is: `(request) => Response`, or a listener of node:http. The number of its
 * parameters decides, and where that does not, what its own text says: the name of the second one, or
 * that it makes a Response.
 */

/** The answer; `undefined` where a function can be neither. */
export type FunctionShape = 'fetch' | 'node' | 'middleware' | undefined;

/** How listeners of node:http call their second parameter. */
const RESPONSE_NAME = /^_*(?:res|resp|rsp|reply|\w*response)$/i;
/** How fetch functions call theirs: Hono, Workers, Next, Vercel, srvx. */
const CONTEXT_NAME = /^_*(?:ctx|c|env|info|platform|gateway|\w*(?:context|bindings|info|event))$/i;
const MAKES_RESPONSE = /\bnew\s+Response\b|\bResponse\s*\.\s*(?:json|redirect|error)\b/;

type AnyFunction = (...args: never[]) => unknown;

/** `exportName` is what the function was found under: one called `fetch` is what it says. */
export function shapeOfFunction(app: AnyFunction, exportName: string | undefined): FunctionShape {
  if (exportName === 'fetch') return 'fetch';
  const text = Function.prototype.toString.call(app);
  if (/^class\b/.test(text)) return undefined;
  const names = parametersOf(text);
  const second = names[1] ?? '';
  const hasRest = names.some((name) => name.startsWith('...'));
  if (app.length === 1 && !RESPONSE_NAME.test(second)) return 'fetch';
  // Without parameters it is a factory whose name lacks its brackets, more likely than not.
  if (app.length === 0 && !hasRest) return undefined;
  if (app.length > 3) return undefined;
  if (isFetch(second, text)) return 'fetch';
  return app.length === 3 ? 'middleware' : 'node';
}

function isFetch(second: string, text: string): boolean {
  if (RESPONSE_NAME.test(second)) return false;
  if (CONTEXT_NAME.test(second) || second.startsWith('{')) return true;
  return MAKES_RESPONSE.test(text);
}

/** Names of the parameters as far as they can be told; one taken apart is `{` or `[`. */
function parametersOf(text: string): string[] {
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(text);
  if (single !== null) return [single[1]!];
  const names: string[] = [];
  let depth = 0;
  let name = '';
  for (const char of text.slice(text.indexOf('(') + 1)) {
    if (depth === 0 && (char === ',' || char === ')')) {
      if (name.trim() !== '') names.push(firstWord(name));
      name = '';
      if (char === ')') break;
      continue;
    }
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    name += char;
  }
  return names;
}

function firstWord(parameter: string): string {
  return /^(?:\.\.\.|[{[]|[\p{ID_Continue}$]+)/u.exec(parameter.trim())?.[0] ?? '';
}
