/** The rules of docs/gateway-interface.md that can be held against any application from outside. */
import { abandon, ask, type Reply } from './client.ts';
import type { Subject } from './subject.ts';

/** `note` is worth knowing and no fault. */
export type Verdict = 'ok' | 'note' | 'mend';

export interface Finding {
  readonly verdict: Verdict;
  /** What was seen. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** What one rule needs to know of those before it. */
export interface Trial {
  readonly subject: Subject;
  /** Every answer so far, for the rules about all of them. */
  readonly replies: Reply[];
  /** The answer to `GET /`. */
  first: Reply | undefined;
}

type Rule = (trial: Trial) => Promise<Finding>;

const UNKNOWN_PATH = '/tandem-validate-no-such-page';
const UNREAD_BYTES = 262_144;
const AT_ONCE = 10;

/** In order; the first decides whether the rest can be asked. */
export const RULES: readonly Rule[] = [
  answersGet,
  answersHead,
  survives('an unknown path', { path: UNKNOWN_PATH }, 'answer 404 for what is not there'),
  survives(
    'an unusual method',
    { method: 'PROPFIND', path: UNKNOWN_PATH },
    'answer 405 or 501 for methods it has no use for',
  ),
  survives(
    'a path that is no valid percent-encoding',
    { path: '/%E0%A4%A' },
    'catch what decodeURIComponent throws and answer 400 or 404',
  ),
  survives(
    'a host it has never heard of',
    { host: 'no-such-host.invalid' },
    'answer 400 or 421 for hosts it does not serve',
  ),
  survives(
    'content it does not read',
    { method: 'POST', path: UNKNOWN_PATH, content: 'x'.repeat(UNREAD_BYTES) },
    'answer without waiting for content that nobody reads',
  ),
  neverSeesBadHosts,
  answersManyAtOnce,
  survivesAbandonment,
  showsNoStack,
];

async function answersGet(trial: Trial): Promise<Finding> {
  const reply = await tell(trial, {});
  trial.first = reply;
  return judge('GET /', reply, trial, 'answer it, or throw: the pool then answers 500');
}

async function answersHead(trial: Trial): Promise<Finding> {
  const reply = await tell(trial, { method: 'HEAD' });
  const finding = judge('HEAD /', reply, trial, 'answer HEAD as GET; the pool drops the content');
  const status = trial.first?.status;
  if (finding.verdict !== 'ok' || status === reply.status) return finding;
  return {
    verdict: 'mend',
    text: `HEAD / is answered ${reply.status}, GET / ${status}`,
    // RFC 9110 9.3.2.
    advice: 'answer HEAD as GET; the pool drops the content',
  };
}

type Asked = Parameters<typeof ask>[1];

function survives(what: string, question: Asked, advice: string): Rule {
  return async (trial) => judge(what, await tell(trial, question), trial, advice);
}

async function neverSeesBadHosts(trial: Trial): Promise<Finding> {
  const { status } = await ask(trial.subject.socketPath, { host: 'user@host' });
  if (status === 400) return { verdict: 'ok', text: 'an invalid Host never reaches it' };
  return { verdict: 'mend', text: `an invalid Host is answered ${status}, expected 400` };
}

async function answersManyAtOnce(trial: Trial): Promise<Finding> {
  const replies = await Promise.all(Array.from({ length: AT_ONCE }, () => tell(trial, {})));
  const status = trial.first?.status;
  const odd = replies.find((reply) => reply.status !== status);
  if (odd === undefined) {
    return { verdict: 'ok', text: `${AT_ONCE} requests at once are answered ${status}` };
  }
  return {
    verdict: 'mend',
    text: `of ${AT_ONCE} requests at once one is ${describe(odd)}, alone it is answered ${status}`,
    advice: 'keep no state of one request where another finds it',
  };
}

async function survivesAbandonment(trial: Trial): Promise<Finding> {
  for (let times = 0; times < 3; times += 1) await abandon(trial.subject.socketPath);
  const reply = await tell(trial, {});
  const status = trial.first?.status;
  if (reply.status === status) {
    return { verdict: 'ok', text: 'clients that leave early disturb nobody' };
  }
  return {
    verdict: 'mend',
    text: `after clients left early GET / is ${describe(reply)}`,
    advice: 'listen for the abort of request.signal, or for close of the response, and let it end',
  };
}

/** A place in a file, as every stack of V8 ends its lines. */
const STACK_LINE = /\bat .{0,300}:\d+:\d+/;

async function showsNoStack({ replies }: Trial): Promise<Finding> {
  const isShown = replies.some(({ status, text }) => status >= 400 && STACK_LINE.test(text));
  if (!isShown) return { verdict: 'ok', text: 'no answer shows a stack' };
  return {
    verdict: 'mend',
    text: 'an error page shows a stack',
    advice: 'set NODE_ENV=production, or answer for errors without their stack',
  };
}

async function tell(trial: Trial, question: Asked): Promise<Reply> {
  const reply = await ask(trial.subject.socketPath, question);
  trial.replies.push(reply);
  return reply;
}

function judge(what: string, reply: Reply, trial: Trial, advice: string): Finding {
  const text = `${what} is ${describe(reply)}`;
  // 501 is the right answer to a method that is not implemented.
  const isWell = reply.outcome === 'whole' && (reply.status < 500 || reply.status === 501);
  if (isWell) return { verdict: 'ok', text };
  if (reply.outcome === 'endless') return { verdict: 'note', text };
  if (reply.outcome === 'cut') return { verdict: 'mend', text };
  const reason = lastError(trial.subject.log);
  return { verdict: 'mend', text: reason === '' ? text : `${text}: ${reason}`, advice };
}

function describe({ outcome, status }: Reply): string {
  if (outcome === 'silent') return 'not answered in time';
  if (outcome === 'cut') return status === 0 ? 'cut off' : `answered ${status} and cut off`;
  return outcome === 'endless' ? `answered ${status} without end` : `answered ${status}`;
}

/** The first line of the last error that the worker has logged for a request. */
function lastError(log: string): string {
  return [...log.matchAll(/Error handling request .*\n(.*)/g)].at(-1)?.[1] ?? '';
}
