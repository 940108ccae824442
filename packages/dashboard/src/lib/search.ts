/** Readers of the search of an address: whatever somebody typed there, a page gets what it can use, or nothing. */
type Search = Record<string, unknown>;

export function textIn(search: Search, name: string): string | undefined {
  const value = search[name];
  if (typeof value === 'number') return String(value); // the router reads 42 as a number
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function choiceIn<Choice extends string>(search: Search, name: string, choices: readonly Choice[]): Choice | undefined {
  return choices.find((choice) => choice === search[name]);
}

export function textsIn(search: Search, name: string): string[] | undefined {
  const value = search[name];
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string') ? value : undefined;
}

/** Without what is undefined, so that the address stays short. */
export function given<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
