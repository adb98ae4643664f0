/** `manage.ts check`: what is wrong with the site, before a visitor finds it (Django's system checks). */

import { CommandError } from '../commands.ts';
import { reasonOf } from '../errors.ts';

/** Something that is wrong, or may be. */
export interface Issue {
  readonly level: 'ERROR' | 'WARNING';
  /** Area, E or W, and a number that stays: "templates.E001". */
  readonly id: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Looks at one part of the site and changes nothing. */
export type Check = () => Promise<readonly Issue[]>;

/**
 * Runs `checks` and prints what they find, errors first. Throws a CommandError where there is an
 * error; warnings alone do not fail.
 */
export async function runChecks(checks: readonly Check[]): Promise<void> {
  const issues: Issue[] = [];
  for (const check of checks) issues.push(...(await check()));
  if (issues.some(({ level }) => level === 'ERROR')) throw new CommandError(reportOf(issues));
  console.log(reportOf(issues));
}

/** The issue of a site that cannot even be built: a route, a catalogue or the manifest is broken. */
export function startIssue(error: unknown): Issue {
  return {
    level: 'ERROR',
    id: 'site.E001',
    message: `the site does not start: ${reasonOf(error)}`,
  };
}

/** The issues as text, errors above warnings, and how many they are. */
export function reportOf(issues: readonly Issue[]): string {
  if (issues.length === 0) return 'System check identified no issues.';
  const parts = ['System check identified some issues:'];
  for (const level of ['ERROR', 'WARNING'] as const) {
    const lines = issues.filter((issue) => issue.level === level).map(lineOf);
    if (lines.length > 0) parts.push(`${level}S:\n${lines.join('\n')}`);
  }
  const count = issues.length === 1 ? '1 issue' : `${issues.length} issues`;
  return [...parts, `System check identified ${count}.`].join('\n\n');
}

function lineOf({ id, message, hint }: Issue): string {
  return hint === undefined ? `(${id}) ${message}` : `(${id}) ${message}\n    hint: ${hint}`;
}
