/** What clients of the chat send, and its checks. */

import type { FormResult } from '../framework/forms.ts';
import { message } from '../framework/i18n.ts';

/** Longest text of a message, in UTF-16 code units as `maxlength` counts. */
const LONGEST_TEXT = 200;

/** Longest name that a guest chooses, in the same units. */
const LONGEST_NAME = 20;

/** The limits by the names that templates and messages call them. */
export const CHAT_LIMITS = { longest_text: LONGEST_TEXT, longest_name: LONGEST_NAME };

/** A message as it came. */
export interface SentMessage {
  readonly text: string;
  /** What a guest wants to be called; empty for a name that the site makes. */
  readonly name: string;
}

/** Reads `{ "text": "hello", "name": "ada" }`; undefined where it is something else. */
export function readSentMessage(json: string): SentMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined; // Whoever sends no JSON is no page of this site; the caller says so.
  }
  if (typeof value !== 'object' || value === null || !('text' in value)) return undefined;
  const name = 'name' in value ? value.name : '';
  if (typeof value.text !== 'string' || typeof name !== 'string') return undefined;
  return { text: value.text, name };
}

/**
 * Checks a message, with `CHAT_LIMITS` for the names in what it says. Its clean text is one line
 * without control characters, which PostgreSQL would not all take.
 */
export function checkMessage({ text, name }: SentMessage): FormResult<SentMessage> {
  const clean = text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  if (clean === '') return invalid('text', message('Write something first.'));
  if (clean.length > LONGEST_TEXT) {
    return invalid('text', message('A message has at most {longest_text} characters.'));
  }
  const cleanName = name.trim();
  if (cleanName.length > LONGEST_NAME || !/^[\p{L}\p{M}\p{N}_-]*$/u.test(cleanName)) {
    return invalid('name', message('A name has at most {longest_name} letters, digits, _ and -.'));
  }
  return { isValid: true, values: { text: clean, name: cleanName } };
}

function invalid(field: string, error: string): FormResult<never> {
  return { isValid: false, errors: { [field]: error } };
}
