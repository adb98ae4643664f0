import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE_DIR } from '../../app/config/settings.ts';
import { urlpatterns } from '../../app/config/urls.ts';
import { findViewNames, routeLines } from '../../app/framework/management/routes.ts';
import { path, RouteTable } from '../../app/framework/urls.ts';
import { detail } from '../../app/polls/views.ts';
import { runManage } from './manage-process.ts';

const DETAIL = 'GET\t/polls/<int:questionId>/\tpolls:detail\tpolls.views.detail';

test('routes lists every address of the site with its view, split by tabs in a pipe', async () => {
  const { stdout, stderr, code } = await runManage({}, ['routes']);
  assert.deepEqual([stderr, code], ['', 0]);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, urlpatterns.length);
  assert.ok(lines.includes(DETAIL), stdout);
  assert.ok(lines.includes('POST\t/polls/<int:questionId>/vote/\tpolls:vote\tpolls.views.vote'));
  // The first page is a view without a name.
  assert.equal(lines[0], 'GET\t/\thome\t-');
});

test('routes lists those with a word alone', async () => {
  const { stdout } = await runManage({}, ['routes', 'polls:d']);
  assert.equal(stdout, `${DETAIL}\n`);
});

test('on a terminal the routes stand in columns below a heading', async () => {
  const both = { get: () => new Response(), post: () => new Response() };
  const { routes } = new RouteTable([
    path('', both),
    path('polls/<int:questionId>/', detail, 'polls:detail'),
  ]);
  const names = await findViewNames(join(BASE_DIR, 'app'));
  assert.deepEqual(routeLines(routes, names, true), [
    'METHODS   PATH                      NAME          VIEW',
    'GET,POST  /                         -             -',
    'GET       /polls/<int:questionId>/  polls:detail  polls.views.detail',
  ]);
});
