import { FIXED_WHILE_RUNNING } from './changes.js';
import { KEYS, KEY_PLACES, type KeyPlace } from './schema.js';

const HEADER = `# sentrypeer-agent
#
# Written as key = value. Lists are separated by commas; durations are written 90s, 10m, 4h or 7d,
# sizes 64MiB or 1GiB. A running agent takes a change over by itself. Every key can also be given by
# an environment variable, such as SENTRYPEER_BLOCKING_MODE. What is in force, and why, is shown by
#   sentrypeer-agent config show
`;

/**
 * The whole configuration file: every key that has an effect with its comment, one `key = value` line each, so that
 * sed works. `texts` replaces defaults, by key id; loading the result without any gives the defaults.
 */
export function renderConfig(texts: Readonly<Record<string, string>> = {}): string {
  return [HEADER, ...Object.keys(KEYS).map((section) => renderSection(section, texts))].join('\n');
}

function renderSection(section: string, texts: Readonly<Record<string, string>>): string {
  // What has no effect yet would only mislead who reads the file from top to bottom.
  const keys = KEY_PLACES.filter((place) => place.section === section && place.key.served);
  const head = section === 'top' ? '' : `[${section}]\n`;
  return head + keys.map((place) => renderKey(place, texts[place.id])).join('\n');
}

function renderKey(place: KeyPlace, text: string | undefined): string {
  const { doc, key, reader, standard } = place.key;
  const line = `${key} = ${text ?? standard}`.trimEnd();
  return `# ${doc}\n# Allowed: ${reader.allowed}.\n${line}\n`;
}

/** docs/CONFIGURATION.md: the same table for reading. */
export function renderConfigDocs(): string {
  const sections = Object.keys(KEYS).map((section) => {
    const rows = KEY_PLACES.filter((place) => place.section === section).map(documentKey);
    const title = section === 'top' ? 'Above the sections' : `\`[${section}]\``;
    const head = '| key | default | allowed | meaning | environment |\n|---|---|---|---|---|';
    return `## ${title}\n\n${head}\n${rows.join('\n')}\n`;
  });
  return `${DOCS_HEADER}\n${sections.join('\n')}`;
}

function documentKey(place: KeyPlace): string {
  const { doc, key, reader, standard, trialName } = place.key;
  const inTrial = trialName === null ? '' : ` In a trial: \`${trialName}\` in the state folder.`;
  const text = standard === '' ? '(empty)' : `\`${standard}\``;
  return `| \`${key}\` | ${text} | ${reader.allowed} | ${doc}${inTrial} | \`${place.variable}\` |`;
}

const DOCS_HEADER = `# Configuration

This page is made from the table of keys in \`src/config/schema.ts\`; a test compares the two.

The file is found in this order: \`-c FILE\`, the variable \`SENTRYPEER_CONFIG\`,
\`/etc/sentrypeer/sentrypeer.conf\` if it is there. With none of them the agent runs as a *trial*: it
keeps everything under \`$XDG_STATE_HOME/sentrypeer\` (\`~/.local/state/sentrypeer\`).

A line is \`key = value\`; \`#\` begins a comment at the start of a line or after a blank; sections are
written \`[section]\`. Lists are separated by commas. Durations are \`90s\`, \`10m\`, \`4h\`, \`7d\`; sizes
\`512KiB\`, \`64MiB\`, \`1GiB\`. A flag comes before an environment variable, that before the file, that
before the default. An unknown key, section or \`SENTRYPEER_\` variable, a key given twice, and a bad
value are errors that name file and line, what was read and what is allowed. SentryPeer's own
variables and keys are understood as well: SENTRYPEER.md lists them.

A running agent takes a changed file over by itself, and on SIGHUP; a file with an error is reported
and the settings before it stay in force. These take effect at the next start only:
${fixedKeys()}.
`;

/** The keys that need a new start, a few a line; those of [jobs] as one. */
function fixedKeys(): string {
  const own = [...FIXED_WHILE_RUNNING].filter((id) => !id.startsWith('jobs.'));
  const words = own.map((id) => `\`${id}\``);
  return `${words.join(', ')}, and all of \`[jobs]\``;
}
