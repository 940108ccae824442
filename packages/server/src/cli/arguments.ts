import { InvalidArgumentError } from 'commander';

/** For options of commander that take a whole number. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

/** For options that take a length of time, in the words of the server. */
export const timeSpan = (text: string): string => {
  if (/^\d{1,6}[mhd]$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a number of minutes, hours or days, as 15m, 24h or 7d.');
};

/** For options that may be given several times, each time one of these. */
export const severalOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string, before: Word[] | undefined): Word[] => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw new InvalidArgumentError(`Allowed choices are ${words.join(', ')}.`);
    return [...(before ?? []), word];
  };

/** For options that may be given several times. */
export const several = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
