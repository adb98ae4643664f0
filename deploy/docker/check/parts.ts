/** The parts of the check that run containers, each from nothing to nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { docker, Project } from './engine.ts';
import type { Report } from './report.ts';
import { Site } from './site.ts';
import {
  becomesHealthy,
  isShutIn,
  outlivesThePool,
  reloadsUnderLoad,
  restartsUnderLoad,
  type Scene,
  servesTheSite,
  sharesNoMore,
  stopsCleanly,
} from './steps.ts';

/** Not the port of a site that runs already. */
const PORT = Number(process.env['PORT'] || 18080);

/** Both tiers are Tandem's, the data is in SQLite. */
export async function checkTandem(report: Report, compose: readonly string[]): Promise<void> {
  await onStage(report, compose, { front: 'proxy' }, async (scene) => {
    await checkFront(report, scene);
    await report.step('proxy outlives the pool', () => outlivesThePool(scene));
    await report.step('appserver is shut in', () => isShutIn(scene, 'appserver'));
    await report.step('appserver reloads under load', () => reloadsUnderLoad(scene, 'appserver'));
    await report.step('appserver restarts under load', () => restartsUnderLoad(scene, 'appserver'));
    await report.step('votes are kept', () => keepsVotes(scene));
    for (const service of ['proxy', 'appserver']) {
      await report.step(`${service} stops`, () => stopsCleanly(scene, service));
    }
  });
}

/** nginx is in the proxy's place, with the same file. */
export async function checkNginx(report: Report, compose: readonly string[]): Promise<void> {
  await onStage(report, compose, { front: 'nginx' }, async (scene) => {
    await checkFront(report, scene);
    await report.step('nginx outlives the pool', () => outlivesThePool(scene));
    await report.step('nginx stops', () => stopsCleanly(scene, 'nginx'));
  });
}

/** The data is in PostgreSQL. */
export async function checkPostgres(report: Report, compose: readonly string[]): Promise<void> {
  const env = { DATABASE_URL: 'postgres://polls:polls@database/polls' };
  await onStage(report, compose, { front: 'proxy', profile: 'postgres', env }, async (scene) => {
    await report.step('the site is served', () => servesTheSite(scene));
    await report.step('votes are in PostgreSQL', () => hasVotesInPostgres(scene));
    await report.step('database is shut in', () => isShutIn(scene, 'database'));
    await report.step('appserver restarts under load', () => restartsUnderLoad(scene, 'appserver'));
    await report.step('votes are kept', () => keepsVotes(scene));
    for (const service of ['appserver', 'database']) {
      await report.step(`${service} stops`, () => stopsCleanly(scene, service));
    }
  });
}

async function checkFront(report: Report, scene: Scene): Promise<void> {
  const { front } = scene;
  await report.step('the site is served', () => servesTheSite(scene));
  await report.step(`${front} is shut in`, () => isShutIn(scene, front));
  await report.step('no more is shared than must be', () => sharesNoMore(scene));
  await report.step('nginx.conf is the one file', () => hasTheOneFile(scene));
  await report.step(`${front} reloads under load`, () => reloadsUnderLoad(scene, front));
  await report.step(`${front} restarts under load`, () => restartsUnderLoad(scene, front));
}

interface Cast {
  readonly front: string;
  readonly profile?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the services, runs `work` once they are healthy, and removes them, whatever happened. */
async function onStage(
  report: Report,
  compose: readonly string[],
  { front, profile, env }: Cast,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const project = new Project(compose, 'tandem-smoke', { ...env, PORT: String(PORT) });
  const scene: Scene = { project, site: new Site(PORT), front };
  await project.remove();
  try {
    const profiles = profile === undefined ? [] : ['--profile', profile];
    const services = profile === undefined ? [front] : [];
    const isUp = await report.step('up', async () => {
      await project.compose(...profiles, 'up', '-d', '--no-build', ...services);
      await becomesHealthy(scene, front);
      return 'every tier is healthy';
    });
    if (isUp) await work(scene);
  } finally {
    await report.step('down', async () => {
      await project.remove();
      return undefined;
    });
  }
}

/** New containers of both tiers find what was voted before. */
async function keepsVotes(scene: Scene): Promise<string> {
  const { project, site, front } = scene;
  const before = await site.votes();
  await project.compose('up', '-d', '--no-build', '--force-recreate', 'appserver', front);
  await becomesHealthy(scene, front);
  assert.equal(await site.votes(), before);
  return `${before} in new containers, too`;
}

async function hasVotesInPostgres({ project, site }: Scene): Promise<string> {
  const id = await project.container('database');
  const query = 'select sum(votes) from polls_choice where question_id = 1';
  const counted = await docker('exec', id, 'psql', '-U', 'polls', '-Atc', query, 'polls');
  assert.equal(Number(counted), await site.votes());
  return `${counted} by psql and by the site`;
}

/** The front has the repository's nginx.conf, byte for byte. */
async function hasTheOneFile({ project, front }: Scene): Promise<string> {
  const id = await project.container(front);
  const here = readFileSync('nginx.conf', 'utf8').trim();
  assert.equal(await docker('exec', id, 'cat', '/srv/tandem/nginx.conf'), here);
  return `${here.split('\n').length} lines, byte for byte`;
}
