import { InvalidArgumentError } from 'commander';

/** For options of commander that take a whole number. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

/** For options that may be given several times. */
export const several = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
