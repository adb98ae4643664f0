/** The forms of the polls and their checks. */

import type { FormFields, FormResult } from '../framework/forms.ts';
import { message } from '../framework/i18n.ts';
import type { Choice } from './models.ts';

/** Checks a vote: its field `choice` holds the id of one of `choices`. */
export function checkVote(
  fields: FormFields,
  choices: readonly Choice[],
): FormResult<{ readonly choice: Choice }> {
  const id = fields.get('choice');
  const choice = choices.find((one) => String(one.id) === id);
  if (choice === undefined) {
    return { isValid: false, errors: { choice: message("You didn't select a choice.") } };
  }
  return { isValid: true, values: { choice } };
}
