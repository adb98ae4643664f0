import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CORE_DEFAULTS } from './core-defaults.ts';
import { mediaType } from './media-type.ts';

const conf = {
  ...CORE_DEFAULTS,
  default_type: 'x/default',
  types: new Map([
    ['html', 'text/html'],
    ['gz', 'application/gzip'],
  ]),
};

describe('mediaType', () => {
  it('goes by what follows the last dot of the last segment, in any case', () => {
    assert.equal(mediaType('/a.html', conf), 'text/html');
    assert.equal(mediaType('/a.HTML', conf), 'text/html');
    assert.equal(mediaType('/a.html.gz', conf), 'application/gzip');
  });

  it('is the default where there is no extension or no type for it', () => {
    for (const uri of ['/a', '/a.', '/.html', '/a.html/b', '/a.none', '/']) {
      assert.equal(mediaType(uri, conf), 'x/default', uri);
    }
  });
});
