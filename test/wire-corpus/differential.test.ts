import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { it } from 'node:test';
import { gunicornHeadLimits, type HeadLimits } from '../../wire/head.ts';
import { mutatedRequest, Random } from './mutate.ts';
import { createNodeReader, type NodeReading, readWithNode } from './node-requests.ts';
import { type Reading, readRequests } from './read-requests.ts';

/** How many mutated requests; 20,000 take about three seconds. */
const COUNT = Number(process.env['DIFFERENTIAL'] ?? 2000);
/** The normal run repeats itself; a longer one tries something new each time, and prints its seed. */
const SEED = Number(
  process.env['SEED'] ?? (process.env['DIFFERENTIAL'] === undefined ? 1 : Date.now() % 1_000_000),
);
const BATCH = 50;

/** Nothing is dropped and Host may be missing, so that what is read can be compared whole. */
const LIMITS: HeadLimits = {
  ...gunicornHeadLimits(),
  methods: 'token',
  underscores: 'keep',
  requireHost: false,
};

/** What came at the first place where the two readings part. */
interface Parting {
  /** `read`, `cut` (bytes are missing), `end`, or the kind of our problem. */
  readonly ours: string;
  /** `read`, `cut`, `end`, or the code of Node's parser. */
  readonly node: string;
  readonly message: string;
  /** Method and target of our request, `` where there is none; version and target of Node's. */
  readonly method: string;
  readonly target: string;
  readonly nodeVersion: string;
  readonly nodeTarget: string;
  /** The bytes, latin1. */
  readonly text: string;
}

interface DisagreementClass {
  readonly name: string;
  readonly why: string;
  explains(parting: Parting): boolean;
}

function isRefusedByNode({ node }: Parting): boolean {
  return node.startsWith('HPE_');
}

function isRead({ ours }: Parting): boolean {
  return ours === 'read' || ours === 'cut' || ours === 'end';
}

function hasBareLf(text: string): boolean {
  return /(?:^|[^\r])\n/.test(text);
}

/** Every way in which the two may differ. Anything else fails the test. */
const CLASSES: readonly DisagreementClass[] = [
  // Refused by us, read by Node.
  {
    name: 'invalid Host',
    why: 'we check the host like ngx_http_validate_host; Node leaves it to the application',
    explains: (each) => each.ours === 'host',
  },
  {
    name: 'repeated singleton',
    why: 'we refuse a repeated Host, condition or Content-Type; Node keeps one',
    explains: (each) => each.ours === 'duplicate' && !isRefusedByNode(each),
  },
  {
    name: 'transfer coding not understood',
    why: 'we answer 501 to inner codings, RFC 9112 6.1; Node leaves them to the application',
    explains: (each) => each.ours === 'unknown-coding',
  },
  {
    name: 'empty element in Transfer-Encoding',
    why: 'only the plain word is certain to be read alike by all; Node skips the empty element',
    explains: (each) => /invalid "Transfer-Encoding": "(?:,|.*,\s*(?:,|"$))/.test(each.message),
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    why: 'RFC 9112 6.1 calls the framing faulty; Node reads it',
    explains: (each) => each.message.includes('HTTP/1.0 request with "Transfer-Encoding"'),
  },
  {
    name: 'HTTP/0.9 with fields',
    why: 'Node reads a request line without version as 0.9 and field lines after it; we do not',
    explains: (each) => each.ours === 'start-line' && each.nodeVersion === '0.9',
  },
  {
    name: 'extra spaces in the request line',
    why: 'one SP parts its words, RFC 9112 3; Node takes several (so do we in the nginx dialect)',
    explains: (each) => each.ours === 'start-line' && / {2}|^ | \r?$/m.test(each.text),
  },
  {
    name: 'forbidden trailer',
    why: 'RFC 9110 6.5.1: framing fields must not stand in a trailer section',
    explains: (each) => each.message === 'invalid trailer section',
  },
  {
    name: 'trailer left out',
    why: 'RFC 9110 6.5.1: what must not stand in a trailer section is left out; Node keeps it',
    explains: (each) =>
      isRead(each) &&
      each.node === 'read' &&
      /\r\n0+(?:;.*)?\r\n(?:.+\r\n)*(?:cookie|authorization|forwarded|range|te|upgrade)[ \t]*:/i.test(
        each.text,
      ),
  },
  {
    name: 'host in the target',
    why: 'we read a name, an address or a literal there, like nginx; Node takes an empty or odd one',
    explains: (each) => each.ours === 'start-line' && /^[a-z]+:\/\//i.test(each.nodeTarget),
  },
  {
    name: 'asterisk with more',
    why: 'RFC 9112 3.2.4: `*` alone, for OPTIONS; Node takes any target that begins with it',
    explains: (each) => each.ours === 'start-line' && each.nodeTarget.startsWith('*'),
  },
  {
    name: 'chunk extension',
    why: 'RFC 9112 7.1.1: a name is a token; Node takes an empty one',
    explains: (each) => each.message === 'invalid chunk extension',
  },
  // Read by us, refused by Node.
  {
    name: 'higher minor version',
    why: 'RFC 9110 2.5: read as the highest one known; Node knows 1.0 and 1.1',
    explains: (each) =>
      isRead(each) && each.node === 'HPE_INVALID_VERSION' && /HTTP\/1\.[2-9]/.test(each.text),
  },
  {
    name: 'HTAB after a transfer coding',
    why: 'RFC 9112 5.1: optional white space; Node takes SP alone there',
    explains: (each) =>
      each.node === 'HPE_INVALID_TRANSFER_ENCODING' && /chunked *\t/i.test(each.text),
  },
  {
    name: 'method unknown to Node',
    why: 'RFC 9110 9.1: any token; Node knows a list',
    explains: (each) =>
      each.node === 'HPE_INVALID_METHOD' && isRead(each) && !METHODS.includes(each.method),
  },
  {
    name: 'bare LF',
    why: 'RFC 9112 2.2 lets a recipient take it as a line end in a head, as nginx does',
    explains: (each) =>
      isRead(each) &&
      /^HPE_(?:CR_EXPECTED|INVALID_HEADER_TOKEN|INVALID_VERSION)$/.test(each.node) &&
      hasBareLf(each.text),
  },
  {
    name: 'bytes above 0x7f in the target',
    why: 'nginx reads them, clients send them; Node wants them escaped',
    explains: (each) => each.node === 'HPE_INVALID_URL' && /[\x80-\xff]/.test(each.target),
  },
  {
    name: 'scheme with digits or signs',
    why: 'RFC 3986 3.1; Node takes letters alone',
    explains: (each) => each.node === 'HPE_INVALID_URL' && /^[a-z]+[\d+.-].*:/i.test(each.target),
  },
  {
    name: 'white space in a chunk extension',
    why: 'RFC 9112 7.1.1: BWS around ";" and "="; Node takes none',
    explains: (each) =>
      isRead(each) &&
      /^HPE_(?:STRICT|INVALID_CHUNK_SIZE)$/.test(each.node) &&
      /[ \t][;=]|[;=][ \t]/.test(each.text),
  },
  // Neither reads it as a whole message.
  {
    name: 'refused before it is complete',
    why: 'of a cut-off message Node refuses a faulty part that we look at once its section is there',
    explains: (each) => each.ours === 'cut' && isRefusedByNode(each),
  },
  {
    name: 'empty lines at the end',
    why: 'Node forgets them; we keep them as the possible start of a request',
    explains: (each) =>
      each.ours === 'cut' && each.node === 'end' && /[\r\n]{2}$|[^\r\n][\r\n]$/.test(each.text),
  },
  {
    name: 'refused before the end comes',
    why: 'we refuse a faulty message whose content is still awaited by Node',
    explains: (each) => !isRead(each) && each.node === 'cut',
  },
];

function sequence(reading: Reading): { requests: string[]; isLast: boolean[] } {
  const complete = reading.requests.filter((request) => request.isComplete);
  return {
    requests: complete.map(({ head, content, trailers }) =>
      JSON.stringify([head.method, head.target, head.fields, content, trailers]),
    ),
    isLast: complete.map(({ head }) => !head.keepAlive),
  };
}

function nodeSequence(reading: NodeReading): string[] {
  return reading.requests
    .filter((request) => request.isComplete)
    .map((each) =>
      JSON.stringify([each.method, each.target, each.fields, each.content, each.trailers]),
    );
}

/** Where the two readings part, or `undefined` where they agree to the end. */
function compare(bytes: Buffer, ours: Reading, node: NodeReading): Parting | undefined {
  const { requests, isLast } = sequence(ours);
  const others = nodeSequence(node);
  let index = 0;
  while (index < requests.length && requests[index] === others[index]) {
    // What follows a request that closes the connection is no request.
    if (isLast[index++]) return undefined;
  }
  const parting: Parting = {
    ours: outcome(index < requests.length, ours.problem?.kind, ours.isCutOff),
    node: outcome(index < others.length, node.problem, node.isCutOff),
    message: ours.problem?.message ?? '',
    method: ours.requests[index]?.head.method ?? '',
    target: ours.requests[index]?.head.target ?? '',
    nodeVersion: node.requests[index]?.version ?? '',
    nodeTarget: node.requests[index]?.target ?? '',
    text: bytes.toString('latin1'),
  };
  const isRefusedByBoth = !isRead(parting) && isRefusedByNode(parting);
  const isSame = parting.ours === parting.node && parting.ours !== 'read';
  return isRefusedByBoth || isSame ? undefined : parting;
}

function outcome(isReadOn: boolean, problem: string | undefined, isCutOff: boolean): string {
  if (isReadOn) return 'read';
  return problem ?? (isCutOff ? 'cut' : 'end');
}

it(`${COUNT} mutated requests are read as Node reads them, or differ as the table says (SEED=${SEED})`, async (t) => {
  const server = createNodeReader();
  const random = new Random(SEED);
  const counts = new Map<string, number>();
  const unexplained: string[] = [];
  for (let done = 0; done < COUNT; done += BATCH) {
    const messages = Array.from({ length: BATCH }, () => mutatedRequest(random));
    const readings = await readWithNode(server, messages);
    for (const [index, bytes] of messages.entries()) {
      const parting = compare(bytes, readRequests(bytes, LIMITS), readings[index]!);
      if (parting === undefined) continue;
      const found = CLASSES.find((each) => each.explains(parting));
      if (found === undefined) unexplained.push(JSON.stringify(parting));
      else counts.set(found.name, (counts.get(found.name) ?? 0) + 1);
    }
  }
  server.close();
  t.diagnostic(`seed ${SEED}, ${COUNT} requests`);
  for (const { name, why } of CLASSES) t.diagnostic(`${counts.get(name) ?? 0} ${name}: ${why}`);
  assert.deepEqual(unexplained.slice(0, 60), [], `${unexplained.length} of ${COUNT} unexplained`);
});
