/** The header of a request as a Headers object that reads the received field list until it must not. */

const NativeHeaders = globalThis.Headers;
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;

/** The value of a field by its lower-case name, repeated ones joined (RFC 9110 5.3). */
export function fieldValue(fields: readonly string[], lower: string): string | undefined {
  const length = lower.length;
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length !== length || (name !== lower && name.toLowerCase() !== lower)) continue;
    const separator = lower === 'cookie' ? '; ' : ', ';
    value = value === undefined ? fields[i + 1]! : value + separator + fields[i + 1]!;
  }
  return value;
}

/**
 * A Headers object over a flat field list. `get` and `has` read the list; anything else builds the
 * real Headers, which is the truth from then on.
 */
class RequestHeaders {
  readonly #fields: readonly string[];
  #native: Headers | undefined = undefined;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  get #real(): Headers {
    if (this.#native === undefined) {
      this.#native = new NativeHeaders();
      for (let i = 0; i < this.#fields.length; i += 2) {
        this.#native.append(this.#fields[i]!, this.#fields[i + 1]!);
      }
    }
    return this.#native;
  }

  get(name: string): string | null {
    if (this.#native !== undefined || typeof name !== 'string' || !TOKEN.test(name)) {
      return this.#real.get(name);
    }
    return fieldValue(this.#fields, name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    if (this.#native !== undefined || typeof name !== 'string' || !TOKEN.test(name)) {
      return this.#real.has(name);
    }
    return fieldValue(this.#fields, name.toLowerCase()) !== undefined;
  }

  append(name: string, value: string): void {
    this.#real.append(name, value);
  }

  set(name: string, value: string): void {
    this.#real.set(name, value);
  }

  delete(name: string): void {
    this.#real.delete(name);
  }

  getSetCookie(): string[] {
    return this.#real.getSetCookie();
  }

  keys(): ReturnType<Headers['keys']> {
    return this.#real.keys();
  }

  values(): ReturnType<Headers['values']> {
    return this.#real.values();
  }

  entries(): ReturnType<Headers['entries']> {
    return this.#real.entries();
  }

  forEach(callback: (value: string, key: string, parent: Headers) => void, self?: unknown): void {
    for (const [key, value] of this.#real) callback.call(self, value, key, this as never);
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.#real.entries();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Headers {
    return this.#real;
  }
}

// `instanceof Headers` holds, and `constructor` and the tag are Headers' own.
Reflect.deleteProperty(RequestHeaders.prototype, 'constructor');
Object.setPrototypeOf(RequestHeaders.prototype, NativeHeaders.prototype);

/** Headers over a field list, which must not change afterwards. */
export function requestHeaders(fields: readonly string[]): Headers {
  // RequestHeaders has every member of Headers and its prototype; the compiler cannot see the latter.
  return new RequestHeaders(fields) as unknown as Headers;
}
