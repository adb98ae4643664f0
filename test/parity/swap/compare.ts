/** Asks all four stacks and says where they do not answer alike. */
import { isDeepStrictEqual } from 'node:util';
import { masked, type Seen } from '../site-fronts.ts';
import { type Case, DIFFERENCES } from './cases.ts';
import { factsOf } from './html.ts';
import type { Stack } from './stacks.ts';
import { Visitor } from './visitor.ts';

/** What one stack answered. */
export interface Answer {
  readonly stack: Stack;
  readonly seen: Seen;
}

/** Lets a new visitor of each stack do what the case says, one after the other. */
export async function askAll(stacks: readonly Stack[], each: Case): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const stack of stacks) {
    const { folder } = stack.front;
    const response = await each.run(new Visitor(folder));
    answers.push({ stack, seen: withoutSecrets(masked(folder, response, each.isHead)) });
  }
  return answers;
}

/** Tokens and the times of cookies are never the same twice; their length is. */
function withoutSecrets(seen: Seen): Seen {
  const fields = seen.fields.map((line) =>
    /^set-cookie:/i.test(line)
      ? line
          .replace(/=[^;]*/, ({ length }) => `=${length - 1} characters`)
          .replace(/expires=[^;]*/i, 'expires=time')
      : line,
  );
  const content = seen.content.replaceAll(
    /(name="csrf\w*" value=")([^"]*)/g,
    (_, before: string, token: string) => `${before}${token.length} characters`,
  );
  return { ...seen, fields, content };
}

/** Every way in which the answers are not as they should be; none where all is well. */
export function complaintsOf(each: Case, answers: readonly Answer[]): string[] {
  const isFronts = each.by === 'front';
  const fronts = pairsOf(answers, isFronts ? () => true : samePool);
  const pools = isFronts ? [] : pairsOf(answers, sameFront);
  return [
    ...answers.flatMap((answer) => statusComplaint(each, answer)),
    ...fronts.flatMap((pair) => differences(pair, whole).map((key) => told(pair, key, whole))),
    ...pools.flatMap((pair) => poolComplaints(each, pair)),
  ];
}

function statusComplaint(each: Case, { stack, seen }: Answer): string[] {
  const wanted = expectedStatus(each, stack);
  return seen.status === wanted ? [] : [`${stack.name}: status ${seen.status}, not ${wanted}`];
}

/** The status that a stack should answer with. */
function expectedStatus({ name, status }: Case, { pool }: Stack): number {
  return pool.name === 'gunicorn' ? (DIFFERENCES[name]?.status ?? status) : status;
}

/** What differs must be in the table, and what is in the table must differ. */
function poolComplaints({ name }: Case, pair: Pair): string[] {
  const found = differences(pair, essence);
  const known = DIFFERENCES[name]?.also ?? [];
  return [
    ...found.filter((key) => !known.includes(key)).map((key) => told(pair, key, essence)),
    ...known.filter((key) => !found.includes(key)).map((key) => `${key} does not differ`),
  ];
}

function samePool(one: Stack, other: Stack): boolean {
  return one.pool === other.pool;
}

function sameFront(one: Stack, other: Stack): boolean {
  return one.front.name === other.front.name;
}

type Pair = readonly [one: Answer, other: Answer];
type View = (seen: Seen) => Readonly<Record<string, unknown>>;

function pairsOf(
  answers: readonly Answer[],
  belong: (one: Stack, other: Stack) => boolean,
): Pair[] {
  return answers.flatMap((one, i) =>
    answers
      .slice(i + 1)
      .filter((other) => belong(one.stack, other.stack))
      .map((other): Pair => [one, other]),
  );
}

/** Everything a client sees. */
function whole({ status, reason, fields, content }: Seen): ReturnType<View> {
  return { status, reason, fields, content };
}

/** What must be the same whatever the application is written in. */
function essence(seen: Seen): ReturnType<View> {
  const { status, content } = seen;
  // Nobody reads the type of nothing: Django says text/html to every redirect.
  const isEmpty = fieldOf(seen, 'content-length') === '0';
  // What a page of an error looks like is the application's own.
  const isPage = status === 200 || status === 400;
  return {
    location: fieldOf(seen, 'location'),
    allow: fieldOf(seen, 'allow')?.split(/, */).sort(),
    type: isEmpty ? undefined : typeOf(seen),
    encoding: fieldOf(seen, 'content-encoding'),
    facts: isPage ? factsOf(Buffer.from(content, 'latin1').toString()) : undefined,
  };
}

/** The media type. Names of charsets are read in any case, and UTF-8 is what both send. */
function typeOf(seen: Seen): string | undefined {
  return fieldOf(seen, 'content-type')
    ?.toLowerCase()
    .replace(/; charset=utf-8$/, '');
}

/** The value of the first field of that name. */
export function fieldOf({ fields }: Seen, name: string): string | undefined {
  const line = fields.find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/** The keys in which a pair is not the same. */
function differences([one, other]: Pair, view: View): string[] {
  const [ours, theirs] = [view(one.seen), view(other.seen)];
  return Object.keys(ours).filter((key) => !isDeepStrictEqual(ours[key], theirs[key]));
}

function told(pair: Pair, key: string, view: View): string {
  const sides = pair.map(
    ({ stack, seen }) => `${stack.name} ${JSON.stringify(view(seen)[key]) ?? 'nothing'}`,
  );
  return `${key}: ${sides.join(', ')}`;
}
