import { useSyncExternalStore } from 'react';

export const THEMES = ['system', 'light', 'dark'] as const;
export type ThemeChoice = (typeof THEMES)[number];

export interface Theme {
  chosen: ThemeChoice;
  shown: 'light' | 'dark';
}

const KEY = 'pipelogiq.theme';
const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): ThemeChoice {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system'; // storage is switched off
  }
}

const themeOf = (chosen: ThemeChoice): Theme => ({
  chosen,
  shown: chosen === 'system' ? (system.matches ? 'dark' : 'light') : chosen,
});

let theme = themeOf(stored());

function apply(): void {
  document.documentElement.dataset.theme = theme.shown;
  for (const listener of listeners) listener();
}

system.addEventListener('change', () => {
  theme = themeOf(theme.chosen);
  apply();
});
apply();

export function chooseTheme(chosen: ThemeChoice): void {
  theme = themeOf(chosen);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {} // then it lasts as long as the page
  apply();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => theme,
  );
}
