import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choicesOf, createQuestions } from '../../app/polls/models.ts';
import { CSRF, createSite, ORIGIN, questionOf } from './site.ts';

const cases: readonly [what: string, headers: Record<string, string>, isAccepted: boolean][] = [
  ['of this site', { Origin: ORIGIN, 'Sec-Fetch-Site': 'same-origin' }, true],
  ['of this site by an older browser', { Origin: ORIGIN }, true],
  ['of this site behind TLS', { Origin: 'https://polls.test:8080' }, true],
  ['of no browser', {}, true],
  ['of another site', { Origin: 'http://evil.test', 'Sec-Fetch-Site': 'cross-site' }, false],
  ['of another site by an older browser', { Origin: 'http://evil.test' }, false],
  ['of another port', { Origin: 'http://polls.test:9090' }, false],
  ['of a sibling domain', { Origin: 'http://a.polls.test', 'Sec-Fetch-Site': 'same-site' }, false],
  ['of a sandboxed frame', { Origin: 'null' }, false],
];

for (const [what, headers, isAccepted] of cases) {
  test(`a form ${what} is ${isAccepted ? 'accepted' : 'refused'}`, async (t) => {
    const { database, request } = await createSite(t);
    await createQuestions(database, [questionOf('Tea?', ['Green'])]);
    const response = await request('/polls/1/vote/', {
      method: 'POST',
      body: new URLSearchParams({ choice: '1' }),
      headers: { ...CSRF.headers, ...headers },
    });
    assert.equal(response.status, isAccepted ? 303 : 403);
    assert.equal((await choicesOf(database, 1))[0]?.votes, isAccepted ? 1 : 0);
  });
}
