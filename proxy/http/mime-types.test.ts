import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builtInMimeTypes } from './mime-types.ts';

function typeOf(extension: string): string | undefined {
  const text = builtInMimeTypes('/etc/nginx/mime.types') ?? '';
  const line = text.split('\n').find((each) =>
    each
      .split(/[\s;]+/)
      .slice(2)
      .includes(extension),
  );
  return line?.trim().split(' ')[0];
}

describe('builtInMimeTypes', () => {
  it('stands in for mime.types alone', () => {
    assert.equal(builtInMimeTypes('/etc/nginx/fastcgi_params'), undefined);
    assert.match(builtInMimeTypes('conf/mime.types') ?? '', /^types \{\n/);
  });

  it('names the types that nginx names where registries differ', () => {
    assert.equal(typeOf('html'), 'text/html');
    assert.equal(typeOf('css'), 'text/css');
    assert.equal(typeOf('js'), 'application/javascript');
    assert.equal(typeOf('xml'), 'text/xml');
    assert.equal(typeOf('ico'), 'image/x-icon');
    assert.equal(typeOf('woff2'), 'font/woff2');
    assert.equal(typeOf('ts'), 'video/mp2t');
  });

  it('names every extension once', () => {
    const text = builtInMimeTypes('x/mime.types') ?? '';
    const names = [...text.matchAll(/^ {2}\S+ (.*);$/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    );
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length > 1000);
  });
});
