/** Puts values into a path of the wire contract: `route('/pipelines/{id}', { id: '7' })`. */
export function route(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}
