const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const NAMED: { [name: string]: string } = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const isNumber = (text: string) => /^\d+$/.test(text);
const stepOf = (text: string) => /^(?:\*|0)\/(\d+)$/.exec(text)?.[1];
const two = (text: string) => text.padStart(2, '0');
const listed = (words: readonly string[]) =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
const ordinal = (n: number) => `${n}${n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
const every = (step: string, unit: string) => (step === '1' ? `every ${unit}` : `every ${step} ${unit}s`);

/** The name of a day or month, given as a number or by its first three letters. */
function named(text: string, names: readonly string[], offset: number): string | undefined {
  const byName = names.find((name) => name.slice(0, 3).toUpperCase() === text.toUpperCase());
  return byName ?? (isNumber(text) ? names[(Number(text) - offset) % names.length] : undefined);
}

/** Names of a field that lists or spans some; undefined for what has no plain words. */
function namesIn(field: string, names: readonly string[], offset: number): string | undefined {
  const words = field.split(',').map((part) => {
    const [from = '', to, ...more] = part.split('-');
    const [first, last] = [named(from, names, offset), to === undefined ? undefined : named(to, names, offset)];
    if (first === undefined || more.length > 0 || (to !== undefined && last === undefined)) return undefined;
    return last === undefined ? first : `${first} to ${last}`;
  });
  return words.some((word) => word === undefined) ? undefined : listed(words as string[]);
}

function timeWords(second: string, minute: string, hour: string): string | undefined {
  if (second !== '0') {
    const step = second === '*' ? '1' : stepOf(second);
    return step && minute === '*' && hour === '*' ? every(step, 'second') : undefined;
  }
  if (hour === '*') {
    const step = minute === '*' ? '1' : stepOf(minute);
    if (step) return every(step, 'minute');
    return isNumber(minute) ? (Number(minute) === 0 ? 'every hour' : `every hour at :${two(minute)}`) : undefined;
  }
  if (!isNumber(minute)) return undefined;
  const step = stepOf(hour);
  if (step) return Number(minute) === 0 ? every(step, 'hour') : `${every(step, 'hour')} at :${two(minute)}`;
  const hours = hour.split(',');
  return hours.every(isNumber) ? `at ${listed(hours.map((each) => `${two(each)}:${two(minute)}`))}` : undefined;
}

function dayWords(day: string, weekday: string): string | undefined {
  if (day === '*' && weekday === '*') return '';
  if (day !== '*' && weekday !== '*') return undefined; // either of the two: rarely what somebody means
  if (weekday !== '*') {
    if (/^(MON-FRI|1-5)$/i.test(weekday)) return 'on weekdays';
    const nth = /^(\w+)#([1-5])$/.exec(weekday);
    const name = namesIn(nth?.[1] ?? weekday, DAYS, 0);
    if (name === undefined) return undefined;
    return nth ? `on the ${ordinal(Number(nth[2]))} ${name} of the month` : `on ${name}`;
  }
  if (day.toUpperCase() === 'L') return 'on the last day of the month';
  const days = day.split(',');
  return days.every(isNumber) ? `on the ${listed(days.map((each) => ordinal(Number(each))))} of the month` : undefined;
}

/** A cron expression in words, as "At 09:00 on weekdays"; undefined for one that is clearer as it is. */
export function cronWords(expression: string): string | undefined {
  const fields = (NAMED[expression.trim().toLowerCase()] ?? expression).trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) return undefined;
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = ''] =
    fields.length === 5 ? ['0', ...fields] : fields;
  const time = timeWords(second, minute, hour);
  const days = dayWords(day === '?' ? '*' : day, weekday === '?' ? '*' : weekday);
  const months = month === '*' ? '' : namesIn(month, MONTHS, 1);
  if (time === undefined || days === undefined || months === undefined) return undefined;
  const isDaily = time.startsWith('at ') && days === '' && months === '';
  const words = [isDaily ? 'every day' : '', time, days, months && `in ${months}`].filter(Boolean).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
