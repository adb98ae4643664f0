/** The images: ours, and stand-ins for those that cannot be pulled. */
import { join } from 'node:path';
import { docker, Project } from './engine.ts';
import type { Report } from './report.ts';

const BASE = process.env['BASE'] || 'node:24-bookworm-slim';
const STAND_INS = join(import.meta.dirname, '..', 'stand-ins');
const BYTES_PER_MEGABYTE = 1e6;

/** Builds what docker-compose.yml builds of ours, and says how large it is. */
export async function buildImages(report: Report, compose: readonly string[]): Promise<void> {
  const project = new Project(compose, 'tandem');
  for (const service of ['appserver', 'proxy', 'nginx']) await buildOne(report, project, service);
}

async function buildOne(report: Report, project: Project, service: string): Promise<void> {
  const image = `tandem-${service}`;
  await report.step(`builds ${image}`, async () => {
    await project.compose('build', service);
    return `${await sizeOf(image)}; its base for Node is ${await sizeOf(BASE)}`;
  });
}

/** Builds images of Debian's nginx and PostgreSQL on BASE, for where the published ones are not reached. */
export async function buildStandIns(report: Report): Promise<void> {
  const network = process.env['BUILD_NETWORK'] || 'default';
  const words = ['build', '-q', '--network', network, '--build-arg', `BASE=${BASE}`];
  for (const name of ['nginx', 'postgres']) {
    await report.step(`builds tandem-stand-in-${name}`, async () => {
      await docker(...words, '--target', name, '-t', `tandem-stand-in-${name}`, STAND_INS);
      return `not the published image: Debian's package on ${BASE}`;
    });
  }
}

async function sizeOf(image: string): Promise<string> {
  const bytes = Number(await docker('image', 'inspect', '--format', '{{.Size}}', image));
  return `${Math.round(bytes / BYTES_PER_MEGABYTE)} MB`;
}
