/** Somebody with a browser: keeps cookies, and sends forms with all their hidden fields. */
import { ask, type RawResponse } from '../../harness/raw-client.ts';
import type { SiteFolder } from '../../harness/site-folder.ts';
import { withPort } from '../site-fronts.ts';
import { request } from '../site-requests.ts';
import { type Form, formOf } from './html.ts';

/** One visitor of one front. */
export class Visitor {
  readonly #folder: SiteFolder;
  readonly #cookies = new Map<string, string>();

  constructor(folder: SiteFolder) {
    this.#folder = folder;
  }

  /** Sends a request as bytes, without cookies; `PORT` in it is the port of the front. */
  send(bytes: string): Promise<RawResponse> {
    return ask(this.#folder.port(), withPort(this.#folder, bytes, 8080));
  }

  /** Asks for a page. */
  get(path: string, lines: readonly string[] = []): Promise<RawResponse> {
    return this.#exchange(`GET ${path}`, lines, '');
  }

  /** Opens the page of a poll and gives its form to vote. */
  async openForm(poll: number): Promise<Form> {
    const page = await this.get(`/polls/${poll}/`);
    return formOf(page.content, `/polls/${poll}/vote/`);
  }

  /** Sends a form, its hidden fields first. */
  submit(
    { action, hidden }: Form,
    values: Readonly<Record<string, string>>,
    lines: readonly string[] = [],
  ): Promise<RawResponse> {
    const content = new URLSearchParams(Object.fromEntries([...hidden, ...Object.entries(values)]));
    const type = 'application/x-www-form-urlencoded';
    return this.post(action, content.toString(), type, lines);
  }

  /** Sends a form as `multipart/form-data`. */
  submitMultipart(
    { action, hidden }: Form,
    values: Readonly<Record<string, string>>,
  ): Promise<RawResponse> {
    const parts = [...hidden, ...Object.entries(values)].map(
      ([name, value]) =>
        `--part\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    return this.post(action, `${parts.join('')}--part--\r\n`, 'multipart/form-data; boundary=part');
  }

  /** Sends content as a page of this site does. */
  post(
    path: string,
    content: string,
    type: string,
    lines: readonly string[] = [],
  ): Promise<RawResponse> {
    const own = lines.some((line) => /^origin:/i.test(line))
      ? []
      : ['Origin: http://localhost:PORT', `Referer: http://localhost:PORT${path}`];
    const fields = [`Content-Type: ${type}`, `Content-Length: ${content.length}`, ...own, ...lines];
    return this.#exchange(`POST ${path}`, fields, content);
  }

  async #exchange(first: string, lines: readonly string[], content: string): Promise<RawResponse> {
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const all = [...(cookie === '' ? [] : [`Cookie: ${cookie}`]), ...lines];
    const isGzip = lines.some((line) => /^accept-encoding: gzip/i.test(line));
    const response = await this.send(request(first, all, content, isGzip ? 'gzip' : 'same'));
    this.#keepCookies(response);
    return response;
  }

  #keepCookies(response: RawResponse): void {
    for (const [name, value] of response.fields) {
      if (name.toLowerCase() !== 'set-cookie') continue;
      const [, cookie = '', content = ''] = /^([^=]+)=([^;]*)/.exec(value) ?? [];
      this.#cookies.set(cookie, content);
    }
  }
}
