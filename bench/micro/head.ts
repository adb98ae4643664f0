/**
 * Nanoseconds per request head: `node bench/micro/head.ts`. Processor time, medians of 15
 * rounds, best in brackets.
 */
import { nginxHeadLimits, readRequestHead } from '../../wire/head.ts';

const LIMITS = nginxHeadLimits();
const CALLS = 100_000;
const ROUNDS = 15;

const CASES = {
  'request line and 2 fields':
    'GET /small.txt HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n\r\n',
  'request line and 4 fields':
    'GET /static/css/site.css?v=3 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: wrk/4.2\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n',
  "a browser's 12 fields": [
    'GET /polls/1/results/ HTTP/1.1',
    'Host: www.example.com',
    'Connection: keep-alive',
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
    'sec-ch-ua-mobile: ?0',
    'Upgrade-Insecure-Requests: 1',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'Sec-Fetch-Site: same-origin',
    'Referer: http://www.example.com/polls/',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9',
    'Cookie: csrftoken=0123456789abcdef0123456789abcdef; sessionid=fedcba9876543210fedcba9876543210',
    '\r\n',
  ].join('\r\n'),
};

function processorNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Reads as a connection does: the string comes fresh from a buffer each time. */
function measure(buffer: Buffer): number {
  let sum = 0;
  const begun = processorNs();
  for (let call = 0; call < CALLS; call++) sum += buffer.toString('latin1').length;
  const decoded = processorNs();
  for (let call = 0; call < CALLS; call++) {
    const head = readRequestHead(buffer.toString('latin1'), 0, LIMITS, 0, buffer);
    sum += head !== undefined && 'fields' in head ? head.fields.length : 0;
  }
  const read = processorNs();
  if (sum === 0) throw new Error('nothing was read');
  return (read - decoded - (decoded - begun)) / CALLS;
}

console.log(`node ${process.version}, ${process.arch}`);
for (const [name, text] of Object.entries(CASES)) {
  const buffer = Buffer.from(text, 'latin1');
  const rounds = Array.from({ length: ROUNDS }, () => measure(buffer)).sort((a, b) => a - b);
  const median = rounds[ROUNDS >> 1]!.toFixed(0);
  console.log(`${name}: ${median} ns [${rounds[0]!.toFixed(0)}], ${buffer.length} bytes`);
}
