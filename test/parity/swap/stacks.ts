/** The four stacks: either front before either pool, all fronts on the project's nginx.conf. */
import { makeSiteFolder } from '../../harness/site-folder.ts';
import { type FrontPair, type SiteFront, startFrontPair } from '../site-fronts.ts';
import { gunicornPool, type Pool, tandemPool } from './pools.ts';

/** A front and the pool behind it. */
export interface Stack {
  /** `front + pool`. */
  readonly name: string;
  readonly front: SiteFront;
  readonly pool: Pool;
}

/** Everything that runs. Whoever starts it stops it. */
export interface Stacks {
  readonly tandem: Pool;
  readonly gunicorn: Pool;
  /** Ours before ours, nginx before ours, ours before Gunicorn, nginx before Gunicorn. */
  readonly all: readonly Stack[];
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
    const groups = pools.map(async (pool) => {
      endings.push(() => pool.stop());
      await pool.start();
      const pair = await startFrontPair(pool.socket);
      endings.push(pair.stop);
      return stacksOf(pair, pool);
    });
    const all = (await settled(groups)).flat();
    const [tandem, gunicorn] = pools;
    return { tandem, gunicorn, all, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function stacksOf({ tandem, nginx }: FrontPair, pool: Pool): Stack[] {
  return [tandem, nginx].map((front) => ({ name: `${front.name} + ${pool.name}`, front, pool }));
}

/** As Promise.all, but waits for the others where one fails: what they started is then known. */
async function settled<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
