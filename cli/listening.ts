/** Whether somebody listens at an address. */
import { connect } from 'node:net';

/** Where a tier listens: a path, or host and port. */
export type Listening = string | { readonly host: string; readonly port: number };

/** Resolves with whether somebody accepts. */
export function accepts(socket: Listening): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = typeof socket === 'string' ? connect(socket) : connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/**
 * What is in the way of the tiers, as a person would say it: somebody else at an address they need.
 * Asked before they start, since afterwards nobody could tell who answers.
 */
export async function findObstacles(
  file: string,
  socket: string | undefined,
  listens: readonly Listening[],
): Promise<string[]> {
  const obstacles: string[] = [];
  if (socket !== undefined && (await accepts(socket))) {
    obstacles.push(
      `another pool answers at unix:${socket}: does tandem run in this folder already? Stop it first`,
    );
  }
  for (const listen of listens) {
    if (!(await accepts(listen))) continue;
    const place =
      typeof listen === 'string' ? `unix:${listen}` : `port ${listen.port} (${listen.host})`;
    obstacles.push(`${place} is in use by another program: stop it, or change "listen" in ${file}`);
  }
  return obstacles;
}
