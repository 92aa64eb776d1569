import type { HealthView } from '../../api/answers.js';
import type { StatusView } from '../../api/views.js';
import { count, plainName } from '../words.js';

export interface Standing {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly headline: string;
  /** What is wrong, or what to know; the first matters most. */
  readonly remarks: readonly string[];
}

/** Is it working? One line, and what stands against it. */
export function standingOf(status: StatusView, ready: HealthView | null): Standing {
  const faults = [...failedChecks(ready), ...faultsOf(status)];
  const lost = lostWords(status);
  const remarks = [...faults, ...lost, ...observingWords(status)];
  if (status.listening.length === 0) {
    return { tone: 'bad', headline: 'The trap is closed', remarks };
  }
  if (faults.length > 0) return { tone: 'bad', headline: 'Something is wrong', remarks };
  if (status.blocking.mode === 'observe') {
    return { tone: 'warn', headline: 'Observing: nothing is blocked', remarks };
  }
  if (lost.length > 0) return { tone: 'warn', headline: 'Working, with losses', remarks };
  return { tone: 'good', headline: 'Working', remarks };
}

const failedChecks = (ready: HealthView | null): string[] =>
  Object.entries(ready?.checks ?? {})
    .filter(([, ok]) => !ok)
    .map(([name]) => `${plainName(name)}: it is not so`);

function faultsOf({ blocking, store, configuration_error, rules_error }: StatusView): string[] {
  const told: readonly (readonly [string, string | null])[] = [
    ['Firewall', blocking.last_error],
    ['Database', store.last_error],
    ['Database', store.read_error],
    ['Configuration', configuration_error],
    ['Rules', rules_error],
    ['Spoofing storm', blocking.storm],
  ];
  return told.flatMap(([name, what]) => (what === null ? [] : [`${name}: ${what}`]));
}

const observingWords = ({ blocking: { mode, why } }: StatusView): string[] =>
  mode === 'observe' ? [`Blocking: ${why}`] : [];

/** Bounds that were hit, each as a sentence. */
export const lostWords = ({ limits_hit: hit }: StatusView): string[] =>
  Object.entries(hit)
    .filter(([, times]) => (times ?? 0) > 0)
    .map(([name, times]) => `${plainName(name)}: ${count(times ?? 0, 'time')}`);

/** `udp, tcp 5060 · tls 5061` of what it listens on. */
export function listeningWords({ listening }: StatusView): string {
  const byPort = new Map<number, string[]>();
  for (const { transport, port } of listening) {
    const found = byPort.get(port) ?? [];
    if (!found.includes(transport)) found.push(transport);
    byPort.set(port, found);
  }
  return [...byPort].map(([port, names]) => `${names.join(', ')} ${port}`).join(' · ');
}
