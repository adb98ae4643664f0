/**
 * `daemon on;` and `--daemon`: the process starts itself again without a terminal and waits until
 * the new one serves, so that a failed start is seen where it was typed.
 */
import { spawn } from 'node:child_process';

/** Set for the daemon, which takes it away before it starts anything. */
const MARK = 'TANDEM_DAEMON';

/** Set by who watches this process and ends it: what has gone into the background is nobody's child. */
const FOREGROUND_MARK = 'TANDEM_FOREGROUND';

/** What the daemon tells the process that started it. */
type News = { readonly type: 'booted' } | { readonly type: 'text'; readonly text: string };

/**
 * Starts this program again, with the same arguments, in a session of its own and with stdin,
 * stdout and stderr on /dev/null. Resolves with what this process must exit with: 0 once the daemon
 * called `daemonBooted`, else the daemon's own exit code, its words already on stderr.
 */
export function daemonize(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true, // setsid
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  return new Promise((resolve) => {
    child.on('message', (news: News) => {
      if (news.type === 'text') process.stderr.write(news.text);
      else resolve(0);
    });
    child.once('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code || 1));
  }).then((code) => {
    if (child.connected) child.disconnect();
    child.unref();
    return Number(code);
  });
}

/** Whether whoever started this process wants it to stay, whatever its configuration says. */
export function mustStay(): boolean {
  return process.env[FOREGROUND_MARK] === '1';
}

/**
 * Whether this process is the daemon that `daemonize` started; ask once, before anything else. If
 * so, what it writes with `process.stderr.write` (console.error too), and an error that nobody
 * catches, goes to the terminal of the one who started it, until `daemonBooted`.
 */
export function enterDaemon(): boolean {
  if (process.env[MARK] === undefined) return false;
  delete process.env[MARK]; // Worker processes are no daemons.
  const write = process.stderr.write;
  process.stderr.write = (chunk: Uint8Array | string): boolean => {
    tell({ type: 'text', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
    return true;
  };
  process.on('uncaughtExceptionMonitor', reportUncaught);
  process.once('disconnect', () => {
    process.stderr.write = write;
    process.off('uncaughtExceptionMonitor', reportUncaught);
  });
  return true;
}

/** In the daemon, once it serves: lets the one who started it exit with 0. */
export function daemonBooted(): void {
  tell({ type: 'booted' });
}

function reportUncaught(error: Error): void {
  tell({ type: 'text', text: `${error.stack ?? error.message}\n` });
}

function tell(news: News): void {
  if (process.connected) process.send?.(news, undefined, {}, () => {});
}
