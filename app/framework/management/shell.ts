/** `manage.ts shell`: Node's own prompt with the site in scope. */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { type REPLServer, Recoverable, start } from 'node:repl';
import { PassThrough } from 'node:stream';
import { CommandError } from '../commands.ts';

/** What `runShell` needs. */
export interface ShellOptions {
  /** Names that the lines may use. */
  readonly scope: Readonly<Record<string, unknown>>;
  /** Where the lines typed on a terminal are kept; its folder is made. */
  readonly historyFile: string;
}

/**
 * Reads lines until the input ends and prints what they give; `await` works at the top level. Lines
 * that come from a pipe or file are a script: the first that fails ends it with a CommandError, and
 * nothing after it runs.
 */
export async function runShell({ scope, historyFile }: ShellOptions): Promise<void> {
  if (!process.stdin.isTTY) return runScript(scope);
  console.log(`In scope: ${Object.keys(scope).sort().join(', ')}`);
  const server = start({ prompt: '> ', useGlobal: true, breakEvalOnSigint: true });
  Object.assign(server.context, scope);
  await keepHistory(server, historyFile);
  await exitOf(server);
}

async function keepHistory(server: REPLServer, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await new Promise<void>((resolve, reject) => {
    server.setupHistory(file, (error) => (error ? reject(error) : resolve()));
  });
}

function exitOf(server: REPLServer): Promise<void> {
  return new Promise((resolve) => server.once('exit', resolve));
}

type Outcome = 'done' | 'failed' | 'incomplete' | 'left';

/** Hands the lines to the prompt one by one: left alone it begins a line while an `await` of the one before goes on. */
async function runScript(scope: ShellOptions['scope']): Promise<void> {
  const input = new PassThrough();
  const options = {
    input,
    output: process.stdout,
    terminal: false,
    useGlobal: true,
    ignoreUndefined: true,
  };
  const server = start({ prompt: '', ...options });
  Object.assign(server.context, scope);
  const runLine = lineRunner(server, input);
  let outcome: Outcome = 'done';
  for await (const line of createInterface({ input: process.stdin })) {
    outcome = await runLine(line);
    if (outcome === 'failed' || outcome === 'left') break;
  }
  server.close();
  if (outcome === 'failed')
    throw new CommandError('a line failed; the lines after it were not run');
  if (outcome === 'incomplete') {
    throw new CommandError('the input ends in the middle of a statement');
  }
}

/** Runs one line on `server`, which reads `input`, and says how it went once the prompt would show again. */
function lineRunner(server: REPLServer, input: PassThrough): (line: string) => Promise<Outcome> {
  const evaluate = server.eval;
  let outcome: Outcome = 'done';
  const evalAndNote: typeof evaluate = (code, context, file, done) => {
    // The prompt prints what a line throws at once without calling back.
    outcome = 'failed';
    evaluate.call(server, code, context, file, (error, result) => {
      if (error === null) outcome = 'done';
      else if (error instanceof Recoverable) outcome = 'incomplete';
      done(error, result);
    });
  };
  Object.assign(server, { eval: evalAndNote });
  let answer: (outcome: Outcome) => void = () => {};
  server.displayPrompt = () => answer(outcome);
  server.once('exit', () => answer('left'));
  return (line) =>
    new Promise((resolve) => {
      answer = resolve;
      outcome = 'done';
      input.write(`${line}\n`);
    });
}
