/** Times as logs and variables spell them, in local time; each text is kept for its second. */

/** `12.345`: seconds with milliseconds. */
export function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const rest = whole % 1000;
  const padded = rest < 10 ? `00${rest}` : rest < 100 ? `0${rest}` : `${rest}`;
  return `${(whole - rest) / 1000}.${padded}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

let logSecond = -1;
let logText = '';

/** `23/Nov/2026:06:30:00 +0000` (`$time_local`). */
export function logTime(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== logSecond) {
    const date = new Date(second * 1000);
    logSecond = second;
    logText =
      `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:` +
      `${clockTime(date)} ${offset(date, '')}`;
  }
  return logText;
}

let isoSecond = -1;
let isoText = '';

/** `2026-11-23T06:30:00+00:00` (`$time_iso8601`). */
export function isoTime(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== isoSecond) {
    const date = new Date(second * 1000);
    isoSecond = second;
    isoText =
      `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T` +
      `${clockTime(date)}${offset(date, ':')}`;
  }
  return isoText;
}

function clockTime(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function offset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}
