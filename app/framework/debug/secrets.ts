/** What a page for developers must not show: passwords, keys, sessions. */

const SECRET_NAME = /pass|secret|token|key|auth|cred|session|sign|csrf|cookie|api/i;
const MASK = '********';
/** A shorter value would blot out words that only look like it. */
const SHORTEST = 4;

/** Whether a field, setting or variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Takes secrets out of texts: those it was told of, and those that can be told by their names. */
export class Secrets {
  readonly #values = new Set<string>();

  /** The mask where `name` is that of a secret, whose value is then hidden in every text. */
  show(name: string, value: string): string {
    if (!isSecretName(name)) return this.hide(value);
    this.add(value);
    return MASK;
  }

  /** Hides `value` wherever it stands. */
  add(value: string): void {
    if (value.length >= SHORTEST) this.#values.add(value);
  }

  /** `text` without secrets: values known, passwords in URLs, fields of queries. */
  hide(text: string): string {
    let shown = text
      .replaceAll(/(\/\/[^/\s:@]*:)[^/\s@]+@/g, `$1${MASK}@`)
      .replaceAll(/([?&;]([^=&\s?;]+)=)([^&\s;#"']*)/g, (whole, start: string, name: string) =>
        isSecretName(name) ? start + MASK : whole,
      );
    for (const value of this.#values) shown = shown.replaceAll(value, MASK);
    return shown;
  }
}
