/** Pages of a long list (Django's Paginator). */

/** One page: what to fetch for it, and the links to its neighbours. */
export interface Page {
  readonly number: number;
  readonly pages: number;
  readonly offset: number;
  readonly limit: number;
  readonly previous: number | undefined;
  readonly next: number | undefined;
  /** First, last and the neighbours of this page; 0 stands for those left out between them. */
  readonly numbers: readonly number[];
}

/**
 * The page that `requested` (the query's `page`) names of `count` things, `perPage` on each: a number
 * from 1, or "last"; page 1 without it. Undefined where there is no such page. An empty list has one
 * empty page.
 */
export function paginate(count: number, perPage: number, requested = '1'): Page | undefined {
  const pages = Math.max(1, Math.ceil(count / perPage));
  const number = requested === 'last' ? pages : readNumber(requested);
  if (number < 1 || number > pages) return undefined;
  return {
    number,
    pages,
    offset: (number - 1) * perPage,
    limit: perPage,
    previous: number > 1 ? number - 1 : undefined,
    next: number < pages ? number + 1 : undefined,
    numbers: numbersAround(number, pages),
  };
}

function readNumber(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
}

function numbersAround(number: number, pages: number): number[] {
  const shown = Array.from({ length: pages }, (_, index) => index + 1).filter(
    (one) => one === 1 || one === pages || Math.abs(one - number) <= 1,
  );
  return shown.flatMap((one, index) =>
    index > 0 && one > shown[index - 1]! + 1 ? [0, one] : [one],
  );
}
