/**
 * The text of oclif.manifest.json with its commands in order: oclif lists them in the order in which
 * it happened to load them, which differs from one run to the next.
 */
export function sortManifest(text) {
  const { commands, ...rest } = JSON.parse(text);
  const sorted = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands: sorted, ...rest }, null, 2)}\n`;
}
