/** Checks of `manage.ts check --deploy`: settings that suit development alone. */

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
        'DEBUG is on: every page reads its templates again, and static files keep plain names',
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
    return [keyIssue('E003', `SECRET_KEY has less than ${SHORTEST_KEY} characters`)];
  }
  if (new Set(secretKey).size < FEWEST_KEY_CHARACTERS) {
    return [
      keyIssue('E003', `SECRET_KEY has less than ${FEWEST_KEY_CHARACTERS} different characters`),
    ];
  }
  return [];
}

function keyIssue(number: string, message: string): Issue {
  const hint = 'make one: openssl rand -base64 48';
  return { level: 'ERROR', id: `deploy.${number}`, message, hint };
}
