/**
 * Chromium calls the language of a machine with the locale C or POSIX `en-US@posix`, which is no language tag: whatever formats by
 * `navigator.language` throws then. uPlot does so when it is loaded, and would take every page with a chart along.
 */
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}

export {}; // a module, for its effect alone
