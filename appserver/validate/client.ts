/** One request to the application under validation, and what became of it, bounded in time. */
import { request as httpRequest } from 'node:http';

/** Longest wait for a head, and then for the end of the content. */
export const ANSWER_LIMIT_MS = 5000;
const TEXT_LIMIT_BYTES = 65_536;

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly content?: string;
}

/**
 * `whole`: it ended well. `silent`: no head came in time. `endless`: the content did not end in time.
 * `cut`: the connection ended before the response did.
 */
export type Outcome = 'whole' | 'silent' | 'endless' | 'cut';

export interface Reply {
  readonly outcome: Outcome;
  /** 0 where no head came. */
  readonly status: number;
  /** The beginning of the content. */
  readonly text: string;
}

/** Asks on a connection of its own. Never rejects. */
export function ask(socketPath: string, question: Question): Promise<Reply> {
  const { method = 'GET', path = '/', host = 'localhost', content } = question;
  return new Promise((resolve) => {
    let status = 0;
    let text = '';
    const request = httpRequest({ socketPath, method, path, headers: { host }, agent: false });
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      request.destroy();
      resolve({ outcome, status, text });
    };
    let timer = setTimeout(() => finish('silent'), ANSWER_LIMIT_MS);
    request.on('error', () => finish('cut'));
    request.on('response', (response) => {
      status = response.statusCode ?? 0;
      clearTimeout(timer);
      timer = setTimeout(() => finish('endless'), ANSWER_LIMIT_MS);
      response.setEncoding('latin1').on('data', (piece: string) => {
        if (text.length < TEXT_LIMIT_BYTES) text += piece;
      });
      response.on('error', () => finish('cut'));
      response.on('end', () => finish(response.complete ? 'whole' : 'cut'));
    });
    request.end(content);
  });
}

/** Asks for `/` and leaves once the request is on its way. */
export function abandon(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest({ socketPath, headers: { host: 'localhost' }, agent: false });
    request.on('error', () => {});
    request.on('close', () => resolve());
    request.end(() => request.destroy());
  });
}
