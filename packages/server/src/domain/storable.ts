const UNSTORABLE = /[\0\p{Cs}]/u;
const UNSTORABLE_ALL = /[\0\p{Cs}]/gu;

/** Whether every database can store the text: it has neither NUL nor half a surrogate pair. */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/** The text with a replacement character for what cannot be stored. */
export const madeStorable = (text: string): string => (isStorable(text) ? text : text.replace(UNSTORABLE_ALL, '\uFFFD'));
