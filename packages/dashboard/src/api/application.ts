import { useSyncExternalStore } from 'react';

const KEY = 'pipelogiq.application';
const listeners = new Set<() => void>();

function stored(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined; // storage is switched off: the choice lasts as long as the page
  }
}

let current = stored();

/** The application that requests act in; undefined: the one that the server chooses. */
export const chosenApplication = (): string | undefined => current;

export function chooseApplication(name: string | undefined): void {
  if (name === current) return;
  current = name;
  try {
    if (name === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, name);
  } catch {} // as above
  for (const listener of listeners) listener();
}

export function useChosenApplication(): string | undefined {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenApplication);
}
