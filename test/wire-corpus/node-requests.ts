/** Reads raw bytes with node:http's parser, on connections that exist in memory alone. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Duplex } from 'node:stream';

export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
  content: string;
  trailers: readonly string[];
  isComplete: boolean;
}

export interface NodeReading {
  readonly requests: NodeRequest[];
  /** Code of the parser's error, such as `HPE_INVALID_CHUNK_SIZE`. */
  problem: string | undefined;
  /** Whether the bytes ended inside a message. */
  isCutOff: boolean;
}

/** A connection whose peer sends some bytes and then the end; what is written to it is forgotten. */
class MemoryConnection extends Duplex {
  readonly reading: NodeReading = { requests: [], problem: undefined, isCutOff: false };

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

function noteRequest(request: IncomingMessage): void {
  const { reading } = request.socket as unknown as MemoryConnection;
  const noted: NodeRequest = {
    method: request.method!,
    target: request.url!,
    version: request.httpVersion,
    fields: request.rawHeaders,
    content: '',
    trailers: [],
    isComplete: false,
  };
  reading.requests.push(noted);
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => {
    noted.content += chunk;
  });
  // The parser's error comes through clientError as well.
  request.on('error', () => {});
  request.on('end', () => {
    noted.trailers = request.rawTrailers;
    noted.isComplete = request.complete;
  });
}

/** A server that listens nowhere and answers nothing: it only notes what it read. */
export function createNodeReader(): Server {
  const server = createServer({ requireHostHeader: false }, noteRequest);
  for (const event of ['checkContinue', 'checkExpectation']) server.on(event, noteRequest);
  for (const event of ['upgrade', 'connect']) server.on(event, noteRequest);
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    const { reading } = socket as unknown as MemoryConnection;
    if (error.code === 'HPE_INVALID_EOF_STATE') reading.isCutOff = true;
    else reading.problem ??= error.code ?? error.message;
    // Not destroyed here: what was read before still has to come out of its streams.
  });
  return server;
}

function untilIdle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Reads several connections at once. */
export async function readWithNode(
  server: Server,
  messages: readonly Buffer[],
): Promise<NodeReading[]> {
  const connections = messages.map((bytes) => {
    const connection = new MemoryConnection({ allowHalfOpen: true });
    server.emit('connection', connection);
    connection.push(bytes);
    connection.push(null);
    return connection;
  });
  await untilIdle();
  await untilIdle();
  for (const connection of connections) connection.destroy();
  return connections.map((connection) => connection.reading);
}
