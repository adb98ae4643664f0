/**
 * The smoke check of the containers: `deploy/docker/smoke [stand-ins] [build] [tandem] [nginx]
 * [postgres]`, each word a part; without words all but the first. Needs an engine.
 */
import { docker, findCompose, Project } from './engine.ts';
import { buildImages, buildStandIns } from './images.ts';
import { checkNginx, checkPostgres, checkTandem } from './parts.ts';
import { Report } from './report.ts';

const PARTS = {
  'stand-ins': buildStandIns,
  build: buildImages,
  tandem: checkTandem,
  nginx: checkNginx,
  postgres: checkPostgres,
};

type Part = keyof typeof PARTS;

const USUAL: readonly Part[] = ['build', 'tandem', 'nginx', 'postgres'];

function isPart(word: string): word is Part {
  return Object.hasOwn(PARTS, word);
}

async function main(words: readonly string[]): Promise<number> {
  const parts = words.filter(isPart);
  if (parts.length < words.length) {
    console.error(`usage: deploy/docker/smoke [${Object.keys(PARTS).join('] [')}]`);
    return 2;
  }
  const report = new Report();
  const compose = await findCompose();
  console.log(`engine ${await docker('version', '--format', '{{.Server.Version}}')}`);
  console.log(
    `compose ${(await new Project(compose, 'tandem').compose('version', '--short')).trim()}`,
  );
  for (const part of parts.length === 0 ? USUAL : parts) {
    report.begin(part);
    await PARTS[part](report, compose);
  }
  return report.end();
}

process.exitCode = await main(process.argv.slice(2));
