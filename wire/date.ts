/** HTTP dates, RFC 9110 5.6.7. Written by hand: a `Date` object per response costs more than it says. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/**
 * Formats an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @param seconds since the epoch; a fraction is cut off
 */
export function imfFixdate(seconds: number): string {
  const whole = Math.floor(seconds);
  const day = Math.floor(whole / 86400);
  const clock = whole - day * 86400;
  const date = civilDate(day);
  const time = `${twoDigits(Math.floor(clock / 3600))}:${twoDigits(Math.floor(clock / 60) % 60)}:${twoDigits(clock % 60)}`;
  // 1 January 1970 was a Thursday.
  const weekday = DAYS[(((day + 4) % 7) + 7) % 7]!;
  const year = String(date.year).padStart(4, '0');
  return `${weekday}, ${twoDigits(date.day)} ${MONTHS[date.month]!} ${year} ${time} GMT`;
}

/** The proleptic Gregorian date of a day number; months count from 0. */
function civilDate(dayNumber: number): { year: number; month: number; day: number } {
  // Years are counted from 1 March, so that the leap day is the last of its year.
  const days = dayNumber + 719468;
  const era = Math.floor(days / 146097);
  const dayOfEra = days - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36524) -
      Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 2 : shifted - 10;
  return { year: yearOfEra + era * 400 + (month < 2 ? 1 : 0), month, day };
}

const IMF =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;
const RFC_850 =
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const ASCTIME =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/**
 * Reads an HTTP date in any of its three forms: IMF-fixdate, RFC 850 and asctime.
 *
 * A two-digit year below 70 is of this century, as nginx's ngx_parse_http_time reads it.
 *
 * @returns seconds since the epoch, or -1 where the date is malformed
 */
export function parseHttpDate(text: string): number {
  const imf = IMF.exec(text);
  if (imf !== null) return toSeconds(imf[3]!, imf[2]!, imf[1]!, imf[4]!, imf[5]!, imf[6]!);
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) {
    const [, month, day, hour, minute, second, year] = asctime;
    return toSeconds(year!, month!, day!, hour!, minute!, second!);
  }
  const rfc850 = RFC_850.exec(text);
  if (rfc850 === null) return -1;
  const year = Number(rfc850[3]);
  const fullYear = String(year < 70 ? year + 2000 : year + 1900);
  return toSeconds(fullYear, rfc850[2]!, rfc850[1]!, rfc850[4]!, rfc850[5]!, rfc850[6]!);
}

function toSeconds(
  yearText: string,
  monthText: string,
  dayText: string,
  hourText: string,
  minuteText: string,
  secondText: string,
): number {
  const year = Number(yearText);
  const month = (MONTHS as readonly string[]).indexOf(monthText);
  const day = Number(dayText);
  const hour = Number(hourText);
  const minute = Number(minuteText);
  const second = Number(secondText);
  if (month < 0 || hour > 23 || minute > 59 || second > 59) return -1;
  // nginx reads no year before 1970 as a time either.
  if (year < 1970 || day < 1 || day > daysInMonth(year, month)) return -1;
  return Date.UTC(year, month, day, hour, minute, second) / 1000;
}

function daysInMonth(year: number, month: number): number {
  if (month === 1) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}
