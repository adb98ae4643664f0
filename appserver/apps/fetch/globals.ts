/**
 * Puts our Response, and a Request and fetch that know our requests, where applications look for
 * them. Done once per thread of a worker, before the application is loaded; nothing else in the
 * process is touched but `Response.prototype.constructor` and `Request.prototype.constructor`, which
 * name the replacements. What a program can notice: `structuredClone(response)` gives an empty object
 * instead of an error, and `WebAssembly.compileStreaming` takes a Response from `fetch` only.
 */
import { toNativeRequest } from './request.ts';
import { ResponseForApps } from './response.ts';

const NativeRequest = globalThis.Request;
const nativeFetch = globalThis.fetch;

/** `new Request(request)` and `class X extends Request` work as with Node's own. */
function AppRequestConstructor(
  this: unknown,
  input: string | URL | Request,
  init?: RequestInit,
): unknown {
  if (new.target === undefined) {
    throw new TypeError("Class constructor Request cannot be invoked without 'new'");
  }
  const native = toNativeRequest(input, hasBody(init));
  const target = new.target === AppRequestConstructor ? NativeRequest : new.target;
  return Reflect.construct(NativeRequest, [native, init], target);
}

function hasBody(init: RequestInit | undefined): boolean {
  return init?.body !== undefined && init.body !== null;
}

function appFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  try {
    return nativeFetch(toNativeRequest(input, hasBody(init)), init);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Idempotent. */
export function installFetchGlobals(): void {
  Object.defineProperties(AppRequestConstructor, {
    name: { value: 'Request', configurable: true },
    length: { value: 1, configurable: true },
    prototype: { value: NativeRequest.prototype, writable: false },
  });
  Object.defineProperty(appFetch, 'name', { value: 'fetch', configurable: true });
  replace('Request', AppRequestConstructor);
  replace('Response', ResponseForApps);
  replace('fetch', appFetch);
  NativeRequest.prototype.constructor = AppRequestConstructor;
  ResponseForApps.prototype.constructor = ResponseForApps;
}

function replace(name: 'Request' | 'Response' | 'fetch', value: unknown): void {
  Object.defineProperty(globalThis, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
