/** Whose the content of a request is: what is left of it after part was read, and what tells of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient } from '../harness/raw-client.ts';
import { answering, proxyFor, response, upstreamFor } from './upstream-servers.ts';

const echo = answering((request) =>
  response(200, `<${request.slice(request.indexOf('\r\n\r\n') + 4)}>`),
);

function put(path: string, content: string, ...lines: readonly string[]): string {
  const fields = [`PUT ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${content.length}`, ...lines];
  return `${fields.join('\r\n')}\r\n\r\n${content}`;
}

test('content that came whole with its head is sent again where a kept connection died', async (t) => {
  let isDying = false;
  const upstream = await upstreamFor(t, (connection) => {
    let answered = 0;
    connection.onData((received) => {
      const requests = received.split('PUT ').length - 1;
      if (requests === answered) return;
      answered = requests;
      if (isDying && answered === 2) connection.socket.destroy();
      else connection.send(response(200, `${received.slice(-3)} on ${connection.serial}`));
    });
  });
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; keepalive 4; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app;
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; } }`,
  );
  assert.equal((await front.ask(put('/', 'one'))).content, 'one on 1');
  isDying = true;
  assert.equal((await front.ask(put('/', 'two'))).content, 'two on 2');
});

test('$request_body is what came whole with the head, buffered or not, and $request_length counts it', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const front = await proxyFor(
    t,
    `log_format body '$uri [$request_body] $request_body_file $content_length'; access_log body.log body;
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /stream { proxy_request_buffering off; proxy_pass http://127.0.0.1:${upstream.port}; }
      location /own { return 200 own; } }`,
  );
  const chunks =
    'PUT /stream/chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  for (const request of [put('/', 'abc'), put('/stream', 'abc'), chunks, put('/own', 'abc')]) {
    await front.ask(request);
  }
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send(put('/stream/later', '', 'Expect: 100-continue').replace('Length: 0', 'Length: 3'));
  assert.equal((await client.response()).status, 100);
  client.send('abc');
  assert.equal((await client.response()).content, '<abc>');
  assert.deepEqual(await front.lines('body.log', 5), [
    '/ [abc] - 3',
    '/stream [abc] - 3',
    '/stream/chunks [abc] - 3',
    '/own [-] - 3',
    '/stream/later [-] - 3',
  ]);
});

test('content passed on in part is an error for the next one who needs it, and says so', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const greedy = await upstreamFor(t, (connection) => {
    connection.onData((received) => {
      if (received.includes('abc')) connection.socket.destroy();
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; proxy_request_buffering off;
      location / { error_page 502 = @needs; proxy_pass http://127.0.0.1:${greedy.port}; }
      location /text { error_page 502 = @text; proxy_pass http://127.0.0.1:${greedy.port}; }
      location /none { error_page 502 = @none; proxy_pass http://127.0.0.1:${greedy.port}; }
      location @needs { proxy_pass http://127.0.0.1:${upstream.port}; }
      location @text { return 200 text; }
      location @none { proxy_pass_request_body off; proxy_pass http://127.0.0.1:${upstream.port}; }
    }`,
  );
  const answers: string[] = [];
  for (const path of ['/', '/text', '/none']) {
    const client = await RawClient.connect(front.port());
    t.after(() => client.destroy());
    client.send(put(path, 'abc').replace('Length: 3', 'Length: 6'));
    const { status, content } = await client.response();
    answers.push(status === 200 ? content : String(status));
  }
  assert.deepEqual(answers, ['502', 'text', '<>']);
  const lines = await front.lines('error.log', (all) => all.some((line) => /again/.test(line)));
  assert.match(
    lines.join('\n'),
    /\[error\].* client request body was passed on already and cannot be sent again/,
  );
});

test('the log says how large a refused chunk is, after how much', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const front = await proxyFor(
    t,
    `client_max_body_size 10; server { listen 127.0.0.1:8080;
      location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /stream { proxy_request_buffering off; proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  // The size alone is enough to refuse it.
  const refused = '3\r\nabc\r\nff\r\n';
  for (const path of ['/', '/stream']) {
    const head = `PUT ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
    assert.equal((await front.ask(head + refused)).status, 413);
  }
  const lines = await front.lines(
    'error.log',
    (all) => all.filter((line) => line.includes('too large')).length === 2,
  );
  for (const line of lines.filter((each) => each.includes('too large'))) {
    assert.match(line, /\[error\].* client intended to send too large chunked body: 3\+255 bytes,/);
  }
});

test('an empty content that was passed on is still there', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const busy = await upstreamFor(
    t,
    answering(() => response(503, '')),
  );
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; proxy_request_buffering off; proxy_intercept_errors on;
      location / { error_page 503 = @other; proxy_pass http://127.0.0.1:${busy.port}; }
      location @other { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send(
    'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
  );
  assert.equal((await client.response()).status, 100);
  client.send('0\r\n\r\n');
  assert.deepEqual((await client.response()).content, '<>');
});
