/** Checks of `manage.ts check --deploy`: settings that suit development alone. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';
import { pathsOf, planCollection, type StaticFolders } from '../static/collect.ts';
import { readManifest } from '../static/manifest.ts';
import type { Issue } from './check.ts';

const SHORTEST_KEY = 50;
const FEWEST_KEY_CHARACTERS = 5;

/** Whether DEBUG is off. */
export function checkDebug(isDebug: boolean): readonly Issue[] {
  if (!isDebug) return [];
  return [
    {
      level: 'ERROR',
      id: 'deploy.E001',
      message:
        'DEBUG is on: error pages show code and settings to everyone, and templates are reloaded for every page',
    },
  ];
}

/**
 * Whether `secretKey` (SECRET_KEY of the environment) is set and hard to guess: 50 characters or
 * more, of them 5 different, as Django asks. The key itself is never shown.
 */
export function checkSecretKey(secretKey = ''): readonly Issue[] {
  if (secretKey === '') return [keyIssue('E002', 'SECRET_KEY is not set')];
  if (secretKey.length < SHORTEST_KEY) {
    return [keyIssue('E003', `SECRET_KEY has fewer than ${SHORTEST_KEY} characters`)];
  }
  if (new Set(secretKey).size < FEWEST_KEY_CHARACTERS) {
    return [
      keyIssue('E003', `SECRET_KEY has fewer than ${FEWEST_KEY_CHARACTERS} different characters`),
    ];
  }
  return [];
}

function keyIssue(number: string, message: string): Issue {
  const hint = 'make one: openssl rand -base64 48';
  return { level: 'ERROR', id: `deploy.${number}`, message, hint };
}

/** Whether the collected files are there, and are those that would be collected now. */
export async function checkCollected(folders: StaticFolders): Promise<readonly Issue[]> {
  const hint = 'run: npm run manage -- collectstatic';
  try {
    const collected = readManifest(folders.staticRoot);
    if (collected === undefined) {
      const message = `no static files are collected in "${folders.staticRoot}"`;
      return [{ level: 'ERROR', id: 'deploy.E004', message, hint }];
    }
    const wanted = pathsOf(await planCollection(folders));
    return Object.entries(wanted)
      .filter(([name, hashed]) => {
        const isThere = [name, hashed].every((one) => existsSync(join(folders.staticRoot, one)));
        return !isThere || collected[name] !== hashed;
      })
      .map(([name]) => {
        const message = `the collected copy of the static file "${name}" is missing or out of date`;
        return { level: 'ERROR', id: 'deploy.E005', message, hint };
      });
  } catch (error) {
    return [{ level: 'ERROR', id: 'deploy.E006', message: reasonOf(error) }];
  }
}
