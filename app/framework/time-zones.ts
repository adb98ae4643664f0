/** Local times as `<input type="datetime-local">` writes them, "2026-01-31T12:00", and instants. */

const DAY_MS = 86_400_000;

/** The local time of `timeZone` at `instant`, without its seconds. */
export function toLocalText(instant: Date, timeZone: string): string {
  const clock = clockOf(timeZone)(instant.getTime());
  return new Date(clock).toISOString().slice(0, 16);
}

/**
 * The instant when clocks in `timeZone` show `text`. As Django, takes no time that is skipped or comes
 * twice when clocks change: "unclear". Years are 1900 to 9998, so that in every time zone the year of
 * the instant has four digits.
 */
export function readLocalText(text: string, timeZone: string): Date | 'malformed' | 'unclear' {
  const clock = readClock(text);
  if (clock === undefined) return 'malformed';
  const clockAt = clockOf(timeZone);
  const instants = new Set<number>();
  // Clocks are not changed twice in two days, so the offsets there and then are among these.
  for (const near of [clock - DAY_MS, clock + DAY_MS]) {
    const instant = clock - (clockAt(near) - near);
    if (clockAt(instant) === clock) instants.add(instant);
  }
  const [instant, another] = instants;
  return instant === undefined || another !== undefined ? 'unclear' : new Date(instant);
}

/** What a clock shows, in milliseconds as if it were UTC; undefined where no clock shows `text`. */
function readClock(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return undefined;
  if (text < '1900' || text >= '9999') return undefined;
  const clock = Date.parse(`${text}:00Z`);
  // Some engines read 30 February as 2 March.
  const isShown = !Number.isNaN(clock) && new Date(clock).toISOString().startsWith(text);
  return isShown ? clock : undefined;
}

/** Tells what a clock in `timeZone` shows at an instant, in milliseconds as if it were UTC. */
function clockOf(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instant) => {
    const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(instant)) shown[type] = Number(value);
    const { year = 0, month = 1, day, hour, minute, second } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}
