/** The four stacks: either front before either pool, all fronts on the project's nginx.conf. */
import { makeSiteFolder } from '../../harness/site-folder.ts';
import { type FrontPair, type SiteFront, startFrontPair } from '../site-fronts.ts';
import { gunicornPool, type Pool, type PoolName, tandemPool } from './pools.ts';

/** Front and pool of each stack, in the order of `Stacks.all`. */
export const STACKS = [
  'tandem + tandem',
  'nginx + tandem',
  'tandem + gunicorn',
  'nginx + gunicorn',
] as const;

/** A front and the pool behind it. */
export interface Stack {
  readonly name: string;
  readonly front: SiteFront;
  readonly pool: Pool;
}

/** Everything that runs. Whoever starts it stops it. */
export interface Stacks {
  readonly tandem: Pool;
  readonly gunicorn: Pool;
  readonly all: readonly Stack[];
  named(name: (typeof STACKS)[number]): Stack;
  /** Our front and nginx before the pool of that name. */
  before(pool: PoolName): readonly [Stack, Stack];
  stop(): Promise<void>;
}

export async function startStacks(): Promise<Stacks> {
  const behind = await makeSiteFolder();
  const endings: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(endings.map((end) => end()));
    behind.remove();
  };
  try {
    const pools = [tandemPool(behind), await gunicornPool(behind)] as const;
    const startBefore = async (pool: Pool) => {
      endings.push(() => pool.stop());
      await pool.start();
      const pair = await startFrontPair(pool.socket);
      endings.push(pair.stop);
      return stacksOf(pair, pool);
    };
    const [beforeOurs, beforeTheirs] = await settled([
      startBefore(pools[0]),
      startBefore(pools[1]),
    ]);
    const all = [...beforeOurs, ...beforeTheirs];
    const [tandem, gunicorn] = pools;
    return {
      tandem,
      gunicorn,
      all,
      named: (name) => all[STACKS.indexOf(name)]!,
      before: (pool) => (pool === 'tandem' ? beforeOurs : beforeTheirs),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function stacksOf({ tandem, nginx }: FrontPair, pool: Pool): readonly [Stack, Stack] {
  const stackOf = (front: SiteFront): Stack => ({
    name: `${front.name} + ${pool.name}`,
    front,
    pool,
  });
  return [stackOf(tandem), stackOf(nginx)];
}

/** As Promise.all, but waits for the others where one fails: what they started is then known. */
async function settled<One, Other>(
  promises: readonly [Promise<One>, Promise<Other>],
): Promise<[One, Other]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
