import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isChrome, isMsie, isMsie6, isSafariOnMac } from './browser.ts';

const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/15 Safari/605';

describe('browsers', () => {
  it('are Internet Explorer by name, unless they are Opera', () => {
    assert.ok(isMsie('Mozilla/4.0 (compatible; MSIE 10.0; Windows)'));
    assert.ok(!isMsie('Mozilla/4.0 (compatible; MSIE 6.0; Windows) Opera 7'));
    assert.ok(!isMsie('MSIE 6'));
    assert.ok(!isMsie(undefined));
  });

  it('are the old Internet Explorer up to 6 without its second service pack', () => {
    assert.ok(isMsie6('(compatible; MSIE 4.01; Windows)'));
    assert.ok(isMsie6('(compatible; MSIE 6.0; Windows)'));
    assert.ok(!isMsie6('(compatible; MSIE 6.0; Windows; SV1)'));
    assert.ok(!isMsie6('(compatible; MSIE 7.0; Windows)'));
    assert.ok(!isMsie6('(compatible; MSIE 61.0; Windows)'));
  });

  it('are Chrome or Safari by what else they say', () => {
    assert.ok(isChrome('Mozilla/5.0 (KHTML, like Gecko) Chrome/100 Safari/537'));
    assert.ok(!isChrome('Mozilla/5.0 Gecko/2010 Chrome/100'));
    assert.ok(isSafariOnMac(SAFARI));
    assert.ok(!isSafariOnMac(`${SAFARI} Chrome/100`));
    assert.ok(!isSafariOnMac(SAFARI.replace('Mac OS X', 'Windows')));
  });
});
