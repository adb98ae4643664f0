/** One request, to see whether a server is there and answers as it should. */
import { request as httpRequest } from 'node:http';
import type { Address } from '../peers/peer.ts';
import type { RequestShape } from '../requests.ts';

const ASK_TIMEOUT_MS = 5000;

/** Status and content length of the answer to one request on a connection of its own. */
export function ask(
  address: Address,
  shape: RequestShape,
): Promise<{ readonly status: number; readonly length: number }> {
  return new Promise((resolve, reject) => {
    const where = address.socketPath === undefined ? { port: address.port } : address;
    const { method, path, headers } = shape;
    const sent = httpRequest({
      ...where,
      host: '127.0.0.1',
      method,
      path,
      headers: { ...headers, 'Content-Length': shape.contentLength },
      agent: false,
      timeout: ASK_TIMEOUT_MS,
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.on('response', (answer) => {
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, length }));
    });
    sent.end('x'.repeat(shape.contentLength));
  });
}

/** Asks once and throws where the answer is not the one that the row expects. */
export async function proveAnswer(address: Address, shape: RequestShape): Promise<void> {
  const { status, length } = await ask(address, shape);
  if (status !== 200 || length !== shape.answerLength) {
    const wanted = `200 with ${shape.answerLength} bytes`;
    throw new Error(
      `${shape.method} ${shape.path} answered ${status} with ${length} bytes, not ${wanted}`,
    );
  }
}
