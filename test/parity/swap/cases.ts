/** What is asked of all four stacks, and where the two applications answer differently on purpose. */
import type { RawResponse } from '../../harness/raw-client.ts';
import { request, CASES as SITE_CASES, vote } from '../site-requests.ts';
import type { Visitor } from './visitor.ts';

/** One thing that a client does; the last answer is compared. */
export interface Case {
  readonly name: string;
  /** Who answers: then two pools may differ in what they say, or nothing may differ at all. */
  readonly by: 'pool' | 'front';
  readonly status: number;
  readonly isHead: boolean;
  /** `visitor` comes for the first time. */
  run(visitor: Visitor): Promise<RawResponse>;
}

/** How Django's answer differs from ours. */
export interface Difference {
  /** Its status, where that is another. */
  readonly status?: number;
  /** What else differs, of what pools are compared by; see compare.ts. */
  readonly also?: readonly string[];
  readonly why: string;
}

const REDIRECT = {
  status: 302,
  why: 'redirect() of Django says 302; after a form 303 is the word',
};
const FORM_AGAIN = {
  status: 200,
  why: 'render() of Django says 200 unless told; ours says that nothing was done',
};

/** Every difference between the two applications that a client can see, by the case's name. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'a vote': REDIRECT,
  'a vote as multipart/form-data': REDIRECT,
  'a second vote with the same form': REDIRECT,
  'a vote without a choice': FORM_AGAIN,
  'a vote for the choice of another poll': FORM_AGAIN,
  'a vote for a choice that is no number': FORM_AGAIN,
  'a vote at the address without its slash': {
    status: 301,
    also: ['location', 'type'],
    why: 'APPEND_SLASH of Django redirects any method, and browsers drop the form; ours GET and HEAD',
  },
  'GET of the way to vote': { also: ['type'], why: 'Django sends no page with 405' },
  'the number of a poll that no database takes': {
    status: 500,
    why: 'SQLite refuses the number with an OverflowError that Django 3.2 does not catch',
  },
};

function page(name: string, status: number, bytes: string): Case {
  return {
    name,
    by: 'pool',
    status,
    isHead: bytes.startsWith('HEAD '),
    run: (visitor) => visitor.send(bytes),
  };
}

const PAGES: readonly Case[] = [
  page('the way to the polls', 302, request('GET /')),
  page('the list of polls', 200, request('GET /polls/')),
  page('the list without its slash', 301, request('GET /polls?page=1')),
  page('its first page', 200, request('GET /polls/?page=1')),
  page('its last page', 200, request('GET /polls/?page=last')),
  page('a page of the list that is not there', 404, request('GET /polls/?page=2')),
  page('HEAD of the list', 200, request('HEAD /polls/')),
  page('OPTIONS of the list', 200, request('OPTIONS /polls/')),
  page('the list for HTTP/1.0', 200, 'GET /polls/ HTTP/1.0\r\nUser-Agent: same\r\n\r\n'),
  ...[1, 2, 3, 4, 5].flatMap((id) => [
    page(`poll ${id}`, 200, request(`GET /polls/${id}/`)),
    page(`the results of poll ${id}`, 200, request(`GET /polls/${id}/results/`)),
  ]),
  page('a poll without its slash', 301, request('GET /polls/4')),
  page('the number of a poll in percent-encoding', 200, request('GET /polls/%34/')),
  page('a poll that is not there', 404, request('GET /polls/99/')),
  page('results that are not there', 404, request('GET /polls/99/results/')),
  page('a poll whose number is none', 404, request('GET /polls/x/')),
  page(
    'the number of a poll that no database takes',
    404,
    request(`GET /polls/${'9'.repeat(20)}/`),
  ),
  page('a path without a route', 404, request('GET /nothing')),
  page('HEAD of a path without a route', 404, request('HEAD /nothing')),
  page('GET of the way to vote', 405, request('GET /polls/1/vote/')),
  page('OPTIONS of the way to vote', 200, request('OPTIONS /polls/1/vote/')),
  page(
    'the list for who takes gzip',
    200,
    request('GET /polls/', ['Accept-Encoding: gzip, br'], '', 'gzip'),
  ),
  page(
    'the list for who refuses gzip',
    200,
    request('GET /polls/', ['Accept-Encoding: gzip;q=0, br']),
  ),
  page('HEAD for who takes gzip', 200, request('HEAD /polls/', ['Accept-Encoding: gzip'])),
];

function byFront(name: string, status: number, bytes: string): Case {
  return { ...page(name, status, bytes), by: 'front' };
}

function visit(name: string, status: number, run: Case['run']): Case {
  return { name, by: 'pool', status, isHead: false, run };
}

const FROM_ELSEWHERE = ['Origin: http://other.example', 'Sec-Fetch-Site: cross-site'];

const VOTES: readonly Case[] = [
  visit('a vote', 303, async (visitor) =>
    visitor.submit(await visitor.openForm(1), { choice: '2' }),
  ),
  visit('the results after it', 200, (visitor) => visitor.get('/polls/1/results/')),
  visit('a vote as multipart/form-data', 303, async (visitor) =>
    visitor.submitMultipart(await visitor.openForm(2), { choice: '4' }),
  ),
  visit('a second vote with the same form', 303, async (visitor) => {
    const form = await visitor.openForm(2);
    await visitor.submit(form, { choice: '5' });
    return visitor.submit(form, { choice: '5' });
  }),
  visit('the results after all three', 200, (visitor) => visitor.get('/polls/2/results/')),
  visit('a vote without a choice', 400, async (visitor) =>
    visitor.submit(await visitor.openForm(1), {}),
  ),
  visit('a vote for the choice of another poll', 400, async (visitor) =>
    visitor.submit(await visitor.openForm(1), { choice: '4' }),
  ),
  visit('a vote for a choice that is no number', 400, async (visitor) =>
    visitor.submit(await visitor.openForm(1), { choice: '1 or 1=1' }),
  ),
  visit('a vote in a poll that is not there', 404, async (visitor) =>
    visitor.submit({ ...(await visitor.openForm(1)), action: '/polls/99/vote/' }, { choice: '1' }),
  ),
  visit('a vote at the address without its slash', 404, async (visitor) =>
    visitor.submit({ ...(await visitor.openForm(1)), action: '/polls/1/vote' }, { choice: '1' }),
  ),
  visit('a vote from the page of another site', 403, (visitor) =>
    visitor.submit({ action: '/polls/1/vote/', hidden: [] }, { choice: '1' }, FROM_ELSEWHERE),
  ),
  visit('a vote from another site by somebody who was here', 403, async (visitor) => {
    const { action } = await visitor.openForm(1);
    return visitor.submit({ action, hidden: [] }, { choice: '1' }, FROM_ELSEWHERE);
  }),
  visit('the results after what was refused', 200, (visitor) => visitor.get('/polls/1/results/')),
];

/** What the front answers by itself: of the requests that compare the fronts, one of each kind. */
const BY_FRONT: readonly RegExp[] = [
  /^the (style|style of the polls|icon|icon under its old name|page of errors)$/,
  /^HEAD of a file$/,
  /^a file not there$/,
  /^a folder without its slash$/,
  /^POST of a file$/,
  /^a (file|picture) for a client that takes gzip$/,
  /^the range "(0-9|-10|0-1, 4-5|99999-)" of a file$/,
  /^a file under (If-None-Match|If-Modified-Since|If-Match|If-Unmodified-Since): [^,\r\n]*(,[^\r\n]*GMT)?$/,
  /^a file under Range: bytes=0-1, If-Range: /,
  /^the path (\/static\/%2e%2e\/static\/site\.css|\/static\/\.\.\/\.\.\/x|\/static\/site\.css%00)$/,
  /^content that (is said to be|becomes) too long$/,
  /^a request line that is too long$/,
  /^(no|two) hosts?$/,
  /^two lengths$/,
  /^length and chunks$/,
  /^www at 8080$/,
];

/** Every case, in the order they are asked. */
export const CASES: readonly Case[] = [
  ...PAGES,
  ...VOTES,
  ...BY_FRONT.flatMap((pattern) => {
    const found = SITE_CASES.filter(({ name }) => pattern.test(name));
    if (found.length === 0) throw new Error(`no request is named ${pattern}`);
    return found.map(({ name, request: bytes, status }) => byFront(name, status, bytes));
  }),
];

/** While no pool listens: then everything comes from the front. */
export const OUTAGE: readonly Case[] = [
  byFront('the list while the pool is away', 502, request('GET /polls/')),
  byFront('HEAD while the pool is away', 502, request('HEAD /polls/')),
  byFront(
    'gzip while the pool is away',
    502,
    request('GET /', ['Accept-Encoding: gzip'], '', 'gzip'),
  ),
  byFront('a vote while the pool is away', 502, vote('/polls/1/vote/', 'choice=1')),
  byFront('a file while the pool is away', 200, request('GET /static/site.css')),
];
