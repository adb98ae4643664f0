/** Sample questions, so that a fresh clone has something to show. */

import type { NewQuestion } from './models.ts';

const HOUR_MS = 3_600_000;

/** The sample questions, published within the week before `now`. */
export function sampleQuestions(now: Date): readonly NewQuestion[] {
  return [
    question(now, 2, 'Which seat of the tandem do you take?', [
      ['In front: I steer, I brake, I take the blame', 12],
      ['At the back: I pedal and enjoy the view', 17],
      ['Whichever has the softer saddle', 9],
    ]),
    question(now, 26, "What's new?", [
      ['Not much', 4],
      ['The sky', 7],
      ['Just hacking again', 11],
    ]),
    question(now, 51, 'What do you do while the tests run?', [
      ['Watch every single line go by', 6],
      ['Make another coffee', 15],
      ['Start on the next bug', 5],
      ['Wonder whether they would fail if they could', 8],
    ]),
    question(now, 75, 'Tabs or spaces?', [
      ['Tabs', 8],
      ['Spaces', 8],
      ['Whatever the formatter says', 21],
    ]),
    question(now, 122, 'How long may a deployment take before somebody asks about it?', [
      ['A second: nobody should notice', 10],
      ['A minute', 6],
      ['As long as the kettle', 9],
      ['Until Monday', 2],
    ]),
  ];
}

function question(
  now: Date,
  hoursAgo: number,
  questionText: string,
  choices: readonly (readonly [choiceText: string, votes: number])[],
): NewQuestion {
  return {
    questionText,
    pubDate: new Date(now.getTime() - hoursAgo * HOUR_MS),
    choices: choices.map(([choiceText, votes]) => ({ choiceText, votes })),
  };
}
