import { describe, expect, it } from 'vitest';
import { cronWords } from './cron-words.js';

describe('a cron expression in words', () => {
  it.each([
    ['*/15 * * * *', 'Every 15 minutes'],
    ['* * * * *', 'Every minute'],
    ['@hourly', 'Every hour'],
    ['5 * * * *', 'Every hour at :05'],
    ['30 2 * * *', 'Every day at 02:30'],
    ['0 */2 * * *', 'Every 2 hours'],
    ['0 9 * * MON-FRI', 'At 09:00 on weekdays'],
    ['0 9,17 * * 1,3', 'At 09:00 and 17:00 on Monday and Wednesday'],
    ['0 0 L * *', 'At 00:00 on the last day of the month'],
    ['0 0 1,15 * *', 'At 00:00 on the 1st and 15th of the month'],
    ['0 12 * * MON#1', 'At 12:00 on the 1st Monday of the month'],
    ['*/10 * * * * *', 'Every 10 seconds'],
    ['0 6 1 JAN,JUL *', 'At 06:00 on the 1st of the month in January and July'],
    ['0 0 * * 7', 'At 00:00 on Sunday'],
  ])('reads %s as "%s"', (expression, words) => expect(cronWords(expression)).toBe(words));

  it.each(['0 0 13 * FRI', '7-42/5 3 * * *', 'nonsense', '* * *', '0 0 * * MON-', '0 0 ? * XYZ'])(
    'says nothing of %s',
    (expression) => expect(cronWords(expression)).toBeUndefined(),
  );
});
