/** The sample site as a visitor sees it: pages, files and a vote that is counted. */
import assert from 'node:assert/strict';

/** The site behind `port` of 127.0.0.1. */
export class Site {
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  /** Asks for a page; a redirect is not followed. */
  async get(path: string, init: RequestInit = {}): Promise<{ response: Response; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(15_000),
      ...init,
    });
    return { response, text: await response.text() };
  }

  /** The status of a page, or 0 where nobody answers. */
  async status(path: string): Promise<number> {
    const answer = await this.get(path).catch(() => undefined);
    return answer?.response.status ?? 0;
  }

  /** Votes of all choices of the first question, from the page of its results. */
  async votes(): Promise<number> {
    const { text } = await this.get('/polls/1/results/');
    const counts = Array.from(text.matchAll(/(\d+) votes?\b/g), ([, count]) => Number(count));
    assert.ok(counts.length > 0, `no votes in ${text}`);
    return Math.max(...counts);
  }

  /** Votes as the form of the first question would: its hidden fields, its first choice, its cookies. */
  async vote(): Promise<void> {
    const { response: page, text } = await this.get('/polls/1/');
    const fields = new URLSearchParams();
    for (const [input] of text.matchAll(/<input\b[^>]*>/g)) {
      const isHidden = attribute(input, 'type') === 'hidden';
      const name = attribute(input, 'name');
      if (isHidden || (attribute(input, 'type') === 'radio' && !fields.has(name))) {
        fields.append(name, attribute(input, 'value'));
      }
    }
    const cookie = page.headers.getSetCookie().map((each) => each.split(';')[0]);
    const origin = `http://127.0.0.1:${this.port}`;
    const headers = { Origin: origin, Referer: `${origin}/polls/1/`, Cookie: cookie.join('; ') };
    const { response } = await this.get('/polls/1/vote/', {
      method: 'POST',
      body: fields,
      headers,
    });
    assert.equal(response.status, 303, 'the vote was refused');
  }
}

function attribute(tag: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
}
