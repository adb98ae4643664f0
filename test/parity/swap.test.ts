/**
 * Either tier is swapped for its original: ours and Debian's nginx, each before our pool and before
 * Debian's Gunicorn with the same polls in Django. The fronts run the project's nginx.conf.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { sampleQuestions } from '../../app/polls/samples.ts';
import { lacksDjango } from '../harness/gunicorn.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { field } from '../harness/raw-client.ts';
import { PROJECT } from '../harness/site-folder.ts';
import { untilSame } from '../harness/until.ts';
import { accepts, accessLines, startFrontIn } from './site-fronts.ts';
import { request } from './site-requests.ts';
import { CASES, OUTAGE } from './swap/cases.ts';
import { askAll, complaintsOf } from './swap/compare.ts';
import { type Form, factsOf } from './swap/html.ts';
import { STACKS, type Stack, type Stacks, startStacks } from './swap/stacks.ts';
import { Visitor } from './swap/visitor.ts';
import { castVotes } from './swap/votes.ts';

const POOLS = ['tandem', 'gunicorn'] as const;
const CLIENTS = 8;
const ROUNDS = 6;

suite('either tier swapped for nginx or Gunicorn', { skip: lacksNginx() || lacksDjango() }, () => {
  let stacks: Stacks;
  before(async () => {
    stacks = await startStacks();
  });
  after(() => stacks?.stop());

  for (const name of STACKS) {
    test(`${name} shows the samples`, async () => {
      const visitor = new Visitor(stacks.named(name).front.folder);
      const polls = factsOf((await visitor.get('/polls/')).content).polls;
      const samples = sampleQuestions(new Date());
      assert.equal(polls.length, samples.length);
      for (const [i, { questionText, choices }] of samples.entries()) {
        const sum = choices.reduce((total, { votes }) => total + votes, 0);
        assert.match(polls[i] ?? '', new RegExp(`^/polls/${i + 1}/ .* ${sum} votes$`));
        assert.ok(polls[i]?.includes(questionText), polls[i]);
        const page = await visitor.get(`/polls/${i + 1}/results/`);
        const { heading, results } = factsOf(page.content);
        assert.equal(heading, questionText);
        assert.deepEqual(
          results.map((text) => text.replace(/( Leading)? \d+% .* max/, ' max')),
          choices.map(({ choiceText, votes }) => `${choiceText} max="${sum}" value="${votes}"`),
        );
      }
    });
  }

  for (const each of CASES) {
    test(`${each.name}: all four answer alike`, async () => {
      assert.deepEqual(complaintsOf(each, await askAll(stacks.all, each)), []);
    });
  }

  for (const pool of POOLS) {
    test(`the access logs of both fronts before ${pool} say the same`, async () => {
      const [ours, theirs] = stacks.before(pool);
      for (const { front } of [ours, theirs]) {
        await new Visitor(front.folder).send(request('GET /the-end'));
      }
      const lines = await untilSame(
        () => accessLines(ours.front, /GET \/the-end/),
        () => accessLines(theirs.front, /GET \/the-end/),
      );
      assert.ok(lines.length > CASES.length, `${lines.length} lines`);
    });
  }

  test('files are sent byte for byte', async () => {
    for (const name of ['site.css', 'polls/polls.css', 'favicon.svg']) {
      const file = readFileSync(join(PROJECT, 'app', 'static', name), 'latin1');
      for (const { front } of stacks.all) {
        const { content } = await new Visitor(front.folder).get(`/static/${name}`);
        assert.ok(content === file, `${name} through ${front.name}`);
      }
    }
  });

  for (const name of STACKS) {
    test(`${name} counts every vote of ${CLIENTS} people at once`, async () => {
      const stack = stacks.named(name);
      const { wanted } = await castVotes(stack, CLIENTS, ROUNDS);
      assert.deepEqual(stack.pool.votes(), wanted);
      const page = await new Visitor(stack.front.folder).get('/polls/4/results/');
      const shown = [...page.content.matchAll(/ value="(\d+)"/g)].map(([, votes]) => Number(votes));
      assert.deepEqual(
        shown,
        [11, 12, 13].map((id) => wanted[id]),
      );
    });
  }

  for (const name of POOLS) {
    test(`while ${name} is away both fronts show the page for that, and then its pages`, async () => {
      const own = stacks.before(name);
      const page = readFileSync(join(PROJECT, 'app/static/errors/unavailable.en.html'), 'latin1');
      await stacks[name].stop();
      for (const each of OUTAGE) {
        const answers = await askAll(own, each);
        assert.deepEqual(complaintsOf(each, answers), [], each.name);
        if (each.status !== 502 || each.isHead) continue;
        for (const { seen } of answers) assert.ok(seen.content === page);
      }
      await stacks[name].start();
      for (const each of CASES.filter(({ name }) => /^(the list|poll|the results of)/.test(name))) {
        assert.deepEqual(complaintsOf(each, await askAll(stacks.all, each)), []);
      }
    });
  }

  for (const name of STACKS) {
    test(`${name} refuses a form whose hidden fields or cookies are not this visitor’s`, async () => {
      const { front, pool } = stacks.named(name);
      const [one, other] = [new Visitor(front.folder), new Visitor(front.folder)];
      const form = await one.openForm(1);
      const counted = pool.votes();
      const statusOf = async (visitor: Visitor, sent: Form): Promise<number> =>
        (await visitor.submit(sent, { choice: '1' })).status;
      assert.equal(await statusOf(one, { ...form, hidden: [] }), 403);
      assert.equal(await statusOf(other, form), 403);
      await other.openForm(1);
      assert.equal(await statusOf(other, form), 403);
      assert.deepEqual(pool.votes(), counted);
    });
  }

  // The last that asks who stands where: they stay there.
  test('pools change places behind fronts that know nothing of it', async () => {
    const { tandem, gunicorn } = stacks;
    await Promise.all([tandem.stop(), gunicorn.stop()]);
    await Promise.all([tandem.start(gunicorn.socket), gunicorn.start(tandem.socket)]);
    for (const { front, pool } of stacks.all) {
      const now = pool === tandem ? gunicorn : tandem;
      const { votes } = await voteIn(front, now);
      assert.equal(now.votes()[1], votes + 1);
    }
  });

  for (const name of STACKS) {
    test(`${name}: the other front takes over its folder and its port`, async () => {
      const { front } = stacks.named(name);
      const other = front.name === 'nginx' ? 'tandem' : 'nginx';
      await front.program.stop();
      const program = startFrontIn(front.folder, other);
      try {
        await accepts(front.folder.port(), program);
        for (const path of ['/polls/', '/static/site.css', '/static/none']) {
          const answer = await new Visitor(front.folder).get(path);
          assert.equal(answer.status, path === '/static/none' ? 404 : 200);
          assert.equal(field(answer, 'server'), other);
        }
      } finally {
        await program.stop();
      }
    });
  }
});

/** Votes for choice 1 through a front; the page says which pool is behind it. Gives its votes before. */
async function voteIn({ folder }: Stack['front'], pool: Stack['pool']): Promise<{ votes: number }> {
  const votes = pool.votes()[1] ?? 0;
  const visitor = new Visitor(folder);
  const { content } = await visitor.get('/polls/');
  assert.match(content, pool.name === 'gunicorn' ? /Django polls</ : /Tandem polls</);
  await visitor.submit(await visitor.openForm(1), { choice: '1' });
  return { votes };
}
