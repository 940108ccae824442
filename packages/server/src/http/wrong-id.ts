/** Longest text of a caller that is repeated to it. */
const SHOWN = 40;

const singular = (name: string): string => name.replace(/ies$/, 'y').replace(/s$/, '').replaceAll('-', ' ');

/**
 * Tells of a path that would be a route's if it had an id where it has another text.
 *
 * @param paths patterns of routes, as `/stages/{id}/diagnosis`
 * @returns what to say of a path; undefined when no id is what it lacks
 */
export function wrongIds(paths: readonly string[]): (path: string) => string | undefined {
  const patterns = [...new Set(paths.filter((path) => path.includes('{id}')))].map((path) => ({
    pattern: new RegExp(`^${path.replace('{id}', '([^/]+)')}$`),
    what: singular(/([^/]+)\/\{id\}/.exec(path)?.[1] ?? 'thing'),
  }));
  return (path) => {
    for (const { pattern, what } of patterns) {
      const text = pattern.exec(path)?.[1];
      if (text === undefined) continue;
      const shown = JSON.stringify(text.slice(0, SHOWN));
      return `${shown} is no id of ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}. Ids are decimal numbers, as "114688": take one from an answer or a list, not a name.`;
    }
    return undefined;
  };
}
