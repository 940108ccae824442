/** Repairs of known faults of movies.json, each found by looking at the data. */

/** The newest films of the data set are of 2011; a later year is a two-digit year put into the wrong century ("39" as 2039). */
export const NEWEST_YEAR = 2011;

/** Gone with the Wind, "Dec 15 2039", is of 1939. */
export const inItsCentury = (year: number): number => (year > NEWEST_YEAR ? year - 100 : year);

/** "Barbarians, The" → "The Barbarians". */
export const articleFirst = (title: string): string => title.replace(/^(.+), (The|A|An)$/, '$2 $1');

/**
 * Some titles were written as Windows-1252 and read as Mac OS Roman: "La MÙme" is "La Môme". This table has, for every such
 * character of the data set, the character that was meant. ("¢" and "³" are right as they are.)
 */
const READ_WRONGLY: Readonly<Record<string, string>> = {
  È: 'é',
  Ë: 'è',
  Í: 'ê',
  Î: 'ë',
  '‡': 'à',
  '·': 'á',
  '‰': 'ä',
  Û: 'ó',
  Ù: 'ô',
  '˘': 'ù',
  Ω: '½',
  Ö: '…',
};
const WRONG = new RegExp(`[${Object.keys(READ_WRONGLY).join('')}]`, 'g');

export const accentsMended = (text: string): string => text.replace(WRONG, (character) => READ_WRONGLY[character] ?? character);
