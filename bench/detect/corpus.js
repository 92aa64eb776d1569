// The recorded traffic of real programs, as runs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const BENIGN = new Set(['benign', 'load']);
/** Shorter ones cannot be told from one polite look once names are off. */
const PACKETS_LEAST = 4;

/** {attacks, benign}, each a list of {type, name, packets}; null when there is no corpus. */
export function readCorpus() {
  const folder = process.env.SIP_CORPORA;
  if (folder === undefined || !existsSync(folder)) return null;
  const runs = new Map();
  for (const line of readFileSync(join(folder, 'tool-traffic.jsonl'), 'utf8').split('\n')) {
    if (line === '') continue;
    const { run, t, src, transport, attack_type: type, raw } = JSON.parse(line);
    const known = runs.get(run) ?? { type, name: run, packets: [] };
    runs.set(run, known);
    const colon = src.lastIndexOf(':');
    known.packets.push({
      atS: t,
      source: src.slice(0, colon),
      port: Number(src.slice(colon + 1)),
      transport,
      local: '192.0.2.1',
      raw: withOurNonce(raw),
    });
  }
  const all = [...runs.values()];
  return {
    folder,
    attacks: all.filter(
      ({ type, packets }) => !BENIGN.has(type) && packets.length >= PACKETS_LEAST,
    ),
    benign: all.filter(({ type }) => BENIGN.has(type)),
  };
}

/**
 * The program answered another server; had it met the trap, it would have sent our nonce back. The
 * response is left as recorded.
 */
function withOurNonce(raw) {
  const credentials = /^(?:proxy-)?authorization:.*$/im.exec(raw);
  if (credentials === null) return raw;
  const [before, after] = [raw.slice(0, credentials.index), raw.slice(credentials.index)];
  return (nonce) => before + after.replace(/([ ,])nonce="[^"]*"/i, `$1nonce="${nonce}"`);
}
