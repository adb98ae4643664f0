/**
 * `tandem-appserver --validate MODULE:EXPORT`: starts the application in a worker as the pool does,
 * holds it against docs/gateway-interface.md from outside, and says in plain lines what to mend.
 */
import { setTimeout } from 'node:timers/promises';
import type { SignalQueue } from '../../prefork/signals.ts';
import type { WorkerExit } from '../../prefork/types.ts';
import type { Settings } from '../settings/table.ts';
import { type Finding, RULES, type Trial } from './rules.ts';
import { type Subject, startSubject } from './subject.ts';

const EXIT_LIMIT_MS = 1000;
const KEPT = 0;
const BROKEN = 1;

/** Prints the findings; answers 0 where nothing is to mend, else 1. A signal ends it at once. */
export async function validateApp(
  settings: Settings,
  signals: SignalQueue,
  bootFloorSeconds?: number,
): Promise<number> {
  const subject = await startSubject(settings, bootFloorSeconds);
  const report = new Report();
  signals.start(() => {
    report.interrupt();
    subject.kill();
  });
  try {
    await judgeLife(subject, settings.wsgi_app ?? '', report);
  } finally {
    await subject.remove();
  }
  return report.finish();
}

async function judgeLife(subject: Subject, name: string, report: Report): Promise<void> {
  if (!(await subject.whenReady())) {
    report.add(whyNotReady(await subject.gone, subject.hangReport));
    return;
  }
  report.add({ verdict: 'ok', text: `${name} is recognised as ${subject.shape}` });
  report.add({ verdict: 'ok', text: 'it loads, startup() ends, it accepts connections' });
  if (subject.shape === 'Express' && process.env['NODE_ENV'] !== 'production') {
    const text = 'NODE_ENV is not "production": Express shows the stacks of errors to clients';
    report.add({ verdict: 'note', text });
  }
  await judgeRequests(subject, report);
  if (subject.isGone) report.add(whyGone(subject.hangReport));
  else for (const finding of await judgeEnd(subject)) report.add(finding);
}

async function judgeRequests(subject: Subject, report: Report): Promise<void> {
  const trial: Trial = { subject, replies: [], first: undefined };
  for (const rule of RULES) {
    report.add(await rule(trial));
    // A cut connection is the first news of a worker that dies; its exit follows.
    if (trial.replies.at(-1)?.outcome === 'cut') {
      await Promise.race([subject.gone, setTimeout(EXIT_LIMIT_MS, undefined, { ref: false })]);
    }
    // Whoever does not answer one request would be waited for in every rule.
    const isHopeless = trial.first?.outcome !== 'whole';
    if (subject.isGone || isHopeless) return;
  }
}

async function judgeEnd(subject: Subject): Promise<Finding[]> {
  const logged = subject.log.length;
  const { signal } = await subject.drain();
  const said = subject.log.slice(logged);
  const findings: Finding[] = [];
  if (subject.hangReport !== '') findings.push(whyGone(subject.hangReport));
  else if (signal === 'SIGKILL') {
    findings.push({
      verdict: 'mend',
      text: `it does not end within graceful_timeout, ${subject.graceMs / 1000} s`,
      advice: 'let shutdown() and what waitUntil() was given end; nothing else is waited for',
    });
  }
  for (const [, what, error] of said.matchAll(
    /(Exception in shutdown|Error in waitUntil).*\n(.*)/g,
  )) {
    findings.push({ verdict: 'mend', text: `${what}: ${error}` });
  }
  if (findings.length > 0) return findings;
  return [{ verdict: 'ok', text: 'it ends when it is told to, shutdown() included' }];
}

function whyNotReady({ failure }: WorkerExit, hangReport: string): Finding {
  if (failure !== undefined) {
    const isOurs = failure.name === 'AppLoadError' || failure.stack === '';
    return { verdict: 'mend', text: isOurs ? failure.message : failure.stack };
  }
  if (hangReport !== '') return { verdict: 'mend', text: hangReport };
  return {
    verdict: 'mend',
    text: 'its process ended before it was ready; see what it wrote above',
  };
}

function whyGone(hangReport: string): Finding {
  if (hangReport === '') {
    return {
      verdict: 'mend',
      text: 'an error outside of any request ended the worker; its stack stands above',
      advice: 'await every promise, and catch what timers and events throw',
    };
  }
  const advice = 'let no request hold the event loop for seconds';
  return { verdict: 'mend', text: hangReport, advice };
}

const LABELS = { ok: 'ok    ', note: 'note  ', mend: 'mend  ' } as const;
const INDENT = '\n      ';

/** Prints as it goes, since a rule may take seconds. */
class Report {
  #kept = 0;
  #broken = 0;
  #isInterrupted = false;

  add({ verdict, text, advice }: Finding): void {
    if (this.#isInterrupted) return;
    if (verdict === 'ok') this.#kept += 1;
    if (verdict === 'mend') this.#broken += 1;
    const lines = text.replaceAll('\n', INDENT);
    const more = advice === undefined ? '' : `${INDENT}-> ${advice}`;
    process.stdout.write(`${LABELS[verdict]}${lines}${more}\n`);
  }

  /** From now on nothing that is found says anything. */
  interrupt(): void {
    this.#isInterrupted = true;
  }

  finish(): number {
    if (this.#isInterrupted) {
      process.stdout.write('\ninterrupted\n');
      return BROKEN;
    }
    process.stdout.write(`\n${this.#kept} kept, ${this.#broken} to mend\n`);
    return this.#broken === 0 ? KEPT : BROKEN;
  }
}
