/**
 * What is shot. `prepare(page, seed)` opens what a page has to show, as a dialog; `path` may be a function of the seed.
 * Add your page here; its pictures at 1440 land in docs/images.
 */
export const PAGES = [
  { name: 'operations', path: 'operations' },
  { name: 'pipelines', path: 'pipelines' },
  { name: 'insights', path: 'insights' },
];
