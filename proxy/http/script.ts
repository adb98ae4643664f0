/** Words with variables, compiled once at load: `"$scheme://$host$1"` becomes a Value. */
import type { HttpRequest } from './request.ts';

/** Text that may depend on the request. Strings hold one latin1 character per byte. */
export interface Value {
  /** The text where it depends on nothing, else `undefined`. */
  readonly constant: string | undefined;
  /** The text for this request; a variable without a value gives an empty string. */
  evaluate(r: HttpRequest): string;
}

/** Reads one variable; `undefined` where it has no value ("not found" in nginx). */
export type Getter = (r: HttpRequest) => string | undefined;

/** A Value that is always `text`. */
export function constantValue(text: string): Value {
  return { constant: text, evaluate: () => text };
}

/** A Value made of getters and texts in turn. */
export function joinedValue(parts: readonly (string | Getter)[]): Value {
  if (parts.every((part) => typeof part === 'string')) return constantValue(parts.join(''));
  const [first, second] = parts;
  if (parts.length === 1 && typeof first === 'function') {
    return { constant: undefined, evaluate: (r) => first(r) ?? '' };
  }
  if (parts.length === 2 && typeof first === 'string' && typeof second === 'function') {
    return { constant: undefined, evaluate: (r) => first + (second(r) ?? '') };
  }
  return {
    constant: undefined,
    evaluate(r) {
      let text = '';
      for (const part of parts) text += typeof part === 'string' ? part : (part(r) ?? '');
      return text;
    },
  };
}

/** The n-th capture of the request's last matching regular expression. */
export function captureGetter(n: number): Getter {
  return (r) => r.captures?.[n];
}
