import assert from 'node:assert/strict';
import { before, test } from 'node:test';

const Native = globalThis.Response;
const NativeRequest = globalThis.Request;
const { installFetchGlobals } = await import('./globals.ts');
const { fieldsOf, simpleBodyOf } = await import('./response.ts');

before(() => installFetchGlobals());

/** Everything a program can read of a response. */
async function describe(make: () => Response): Promise<unknown> {
  let response: Response;
  try {
    response = make();
  } catch (error) {
    return { threw: (error as Error).name };
  }
  const { status, statusText, ok, redirected, type, url, bodyUsed } = response;
  const header = [...response.headers];
  const copy = response.clone();
  const hasBody = response.body !== null;
  const texts = [await response.text(), await copy.text()];
  const tag = Object.prototype.toString.call(response);
  const own = Object.keys(response);
  return {
    status,
    statusText,
    ok,
    redirected,
    type,
    url,
    bodyUsed,
    header,
    hasBody,
    texts,
    tag,
    own,
  };
}

type Make = (R: typeof Response) => Response;
const CASES: Record<string, Make> = {
  nothing: (R) => new R(),
  null: (R) => new R(null),
  text: (R) => new R('héllo'),
  empty: (R) => new R(''),
  bytes: (R) => new R(new Uint8Array([104, 105])),
  buffer: (R) => new R(new Uint8Array([104, 105]).buffer),
  blob: (R) => new R(new Blob(['hi'], { type: 'text/x' })),
  form: (R) => new R(new URLSearchParams({ a: '1' })),
  number: (R) => new R(5 as never),
  object: (R) => new R({} as never),
  stream: (R) => new R(new Blob(['hi']).stream()),
  status: (R) => new R('x', { status: 404, statusText: 'Nope' }),
  'status 99': (R) => new R('x', { status: 99 }),
  'status 204 with body': (R) => new R('x', { status: 204 }),
  'status 204': (R) => new R(null, { status: 204 }),
  'status as text': (R) => new R('x', { status: '201' as never }),
  'bad reason': (R) => new R('x', { statusText: 'a\nb' }),
  'null init': (R) => new R('x', null as never),
  'init of another kind': (R) => new R('x', 5 as never),
  record: (R) => new R('x', { headers: { 'X-A': '1', 'content-type': 'text/css' } }),
  'record with blanks': (R) => new R('x', { headers: { a: '  b ' } }),
  'record twice': (R) => new R('x', { headers: { 'X-A': '1', 'x-a': '2' } }),
  'record of numbers': (R) => new R('x', { headers: { 'content-length': 1 as never } }),
  'bad name': (R) => new R('x', { headers: { 'a b': '1' } }),
  'bad value': (R) => new R('x', { headers: { a: 'b\r\nc: d' } }),
  'wide value': (R) => new R('x', { headers: { a: '€' } }),
  'latin1 value': (R) => new R('x', { headers: { a: 'é' } }),
  pairs: (R) =>
    new R('x', {
      headers: [
        ['a', '1'],
        ['a', '2'],
        ['set-cookie', 'x'],
        ['set-cookie', 'y'],
      ],
    }),
  'Headers object': (R) =>
    new R('x', {
      headers: new Headers([
        ['set-cookie', 'x'],
        ['set-cookie', 'y'],
      ]),
    }),
  'json helper': (R) => R.json({ a: 1 }),
  'json helper with header': (R) =>
    R.json([1], { status: 201, headers: { 'content-type': 'a/b' } }),
  'json of undefined': (R) => R.json(undefined),
  redirect: (R) => R.redirect('http://a.example/b'),
  'redirect 308': (R) => R.redirect('http://a.example/b', 308),
  'redirect 200': (R) => R.redirect('http://a.example/b', 200 as never),
  error: (R) => R.error(),
  'init is a response': (R) => new R('x', new R('y', { status: 202, headers: { a: 'b' } })),
  'header changed': (R) => {
    const response = new R('x', { headers: { a: '1' } });
    response.headers.set('a', '2');
    response.headers.append('set-cookie', 'c');
    return response;
  },
  'header changed after the body was touched': (R) => {
    const response = new R('x', { headers: { a: '1' } });
    void response.body;
    response.headers.delete('a');
    return response;
  },
  subclass: (R) => new (class Mine extends R {})('x', { status: 201 }),
};
for (const [name, make] of Object.entries(CASES)) {
  test(`a Response of ${name} is as Node's own`, async () => {
    assert.notEqual(globalThis.Response, Native);
    assert.deepEqual(
      await describe(() => make(globalThis.Response)),
      await describe(() => make(Native)),
    );
  });
}

test('responses of either kind are instances of either constructor', async () => {
  const light = new Response('x');
  for (const response of [light, new Native('x'), Response.json(1), light.clone()]) {
    assert.ok(response instanceof Response);
    assert.ok(response instanceof Native);
    assert.equal(response.constructor, Response);
  }
  class Mine extends Response {}
  assert.ok(new Mine() instanceof Mine);
  assert.ok(!(light instanceof Mine));
  assert.equal(Response.name, 'Response');
  assert.throws(() => (Response as unknown as () => void)(), TypeError);
});

test('the body is used once', async () => {
  const response = new Response('x');
  assert.equal(await response.text(), 'x');
  assert.equal(response.bodyUsed, true);
  await assert.rejects(response.text(), TypeError);
  assert.throws(() => response.clone(), TypeError);
});

test('bytes are copied when the Response is made', () => {
  const bytes = new Uint8Array([1, 2]);
  const response = new Response(bytes);
  bytes[0] = 9;
  assert.deepEqual(simpleBodyOf(response), new Uint8Array([1, 2]));
});

test('a simple response is read without a stream', () => {
  const response = new Response('x', { headers: { 'X-A': '1' } });
  assert.equal(simpleBodyOf(response), 'x');
  assert.deepEqual(fieldsOf(response), ['x-a', '1', 'content-type', 'text/plain;charset=UTF-8']);
  response.headers.set('x-b', '2');
  assert.deepEqual(fieldsOf(response), [
    'content-type',
    'text/plain;charset=UTF-8',
    'x-a',
    '1',
    'x-b',
    '2',
  ]);
});

test('a response wrapped once more is still read without a stream', async () => {
  const first = new Response('x', { headers: { a: 'b' } });
  const second = new Response(first.body, first);
  assert.equal(simpleBodyOf(second), 'x');
  assert.equal(simpleBodyOf(first), 'x');
  assert.equal(second.headers.get('a'), 'b');
  assert.equal(await second.text(), 'x');
  assert.equal(simpleBodyOf(second), undefined);
  const touched = new Response('y');
  await touched.body?.getReader().read();
  assert.equal(simpleBodyOf(touched), undefined);
  assert.throws(() => new Response(touched.body), TypeError);
});

test('Request and fetch stay what they are for requests of the program', async () => {
  const request = new Request('http://a.example/', { method: 'POST', body: 'x' });
  assert.ok(request instanceof NativeRequest);
  assert.equal(request.constructor, Request);
  assert.equal(await new Request(request, { headers: { a: 'b' } }).text(), 'x');
  await assert.rejects(fetch('no url'), TypeError);
  const answer = await fetch('data:text/plain,hi');
  assert.ok(answer instanceof Response);
  assert.equal(await answer.text(), 'hi');
});
