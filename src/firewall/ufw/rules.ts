import type { KernelScope } from '../../core/model/block.js';
import { requireBlockTarget } from '../nftables/ruleset.js';

/**
 * The text of /etc/ufw/user.rules and user6.rules (ufw 0.36): between two marks stand a comment line
 * that tells a rule and the iptables lines that it means. Ours carry our comment; what has not is
 * never changed, and keeps its place and its bytes.
 */

const COMMENT = 'sentrypeer';
const BEGIN = '### RULES ###\n';
/** iptables takes 15 ports in one multiport match. */
const PORTS_MAX = 15;

export interface UfwBlock {
  readonly target: string;
  readonly scope: KernelScope;
}

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

export const commentOf = (scope: KernelScope): string => `${COMMENT} ${scope}`;

/** 203.0.113.7 of 203.0.113.7/32: ufw leaves the length of a single address out. */
export function ufwTarget(target: string): { readonly text: string; readonly family: 4 | 6 } {
  const { text, family, prefix } = requireBlockTarget(target);
  const host = prefix === (family === 4 ? 32 : 128);
  return { text: host ? text.slice(0, text.indexOf('/')) : text, family };
}

/** The pieces of a rules file that make one block: nothing else of the file looks like them. */
function rulesOf({ target, scope }: UfwBlock, sipPorts: readonly number[]): string {
  const { text, family } = ufwTarget(target);
  const chain = family === 4 ? 'ufw-user-input' : 'ufw6-user-input';
  const any = family === 4 ? '0.0.0.0/0' : '::/0';
  const piece = (proto: string, ports: string, match: string): string =>
    `\n### tuple ### deny ${proto} ${ports} ${any} any ${text} in comment=${hex(commentOf(scope))}\n` +
    `-A ${chain} ${match}-s ${text} -j DROP\n`;
  if (scope !== 'sip') return piece('any', 'any', '');
  return portGroups(sipPorts)
    .flatMap((ports) => ['udp', 'tcp'].map((proto) => piece(proto, ports, portMatch(proto, ports))))
    .join('');
}

const portMatch = (proto: string, ports: string): string =>
  ports.includes(',')
    ? `-p ${proto} -m multiport --dports ${ports} `
    : `-p ${proto} --dport ${ports} `;

/** `5060,5061`: ascending, as ufw itself writes them. */
export function portGroups(ports: readonly number[]): string[] {
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  const groups: string[] = [];
  for (let at = 0; at < sorted.length; at += PORTS_MAX) {
    groups.push(sorted.slice(at, at + PORTS_MAX).join(','));
  }
  return groups;
}

/** The blocks of ours in a rules file, each once. */
export function readUfwBlocks(file: string): readonly UfwBlock[] {
  const found = new Map<string, UfwBlock>();
  for (const line of file.match(OUR_TUPLE) ?? []) {
    const words = line.split(' ');
    const address = words[8] ?? '';
    const comment = Buffer.from(line.slice(line.indexOf('comment=') + 8), 'hex').toString('latin1');
    const scope = comment.slice(COMMENT.length + 1);
    if (scope !== 'all' && scope !== 'sip' && scope !== 'forced') continue;
    const bits = address.includes(':') ? 128 : 32;
    const target = address.includes('/') ? address : `${address}/${bits}`;
    found.set(`${scope} ${target}`, { target, scope });
  }
  return [...found.values()];
}

/** The same file with exactly these blocks of ours, ahead of the administrator's rules. */
export function writeUfwBlocks(
  file: string,
  blocks: readonly UfwBlock[],
  sipPorts: readonly number[],
): string | null {
  const bare = file.replace(OUR_RULE, '');
  const at = bare.indexOf(BEGIN);
  if (at === -1) return null;
  const ours = blocks.map((block) => rulesOf(block, sipPorts)).join('');
  const head = at + BEGIN.length;
  return `${bare.slice(0, head)}${ours}${bare.slice(head)}`;
}

/**
 * True when the administrator has the very rule that blocks this target wholly: ufw knows rules by
 * what they match, so that adding or deleting ours would take over or delete that one.
 */
export function hasForeignTwin(file: string, target: string): boolean {
  const { text } = ufwTarget(target);
  return file
    .split('\n')
    .some(
      (line) =>
        line.startsWith('### tuple ### deny any any ') &&
        line.includes(` any ${text} in`) &&
        !line.includes(`comment=${hex(COMMENT)}20`),
    );
}

const TUPLE = String.raw`### tuple ### deny \S+ \S+ \S+ \S+ \S+ in comment=${hex(COMMENT)}20[0-9a-f]+`;
const OUR_TUPLE = new RegExp(`^${TUPLE}$`, 'gm');
/** A blank line, the tuple and its iptables lines, as rulesOf and ufw itself write them. */
const OUR_RULE = new RegExp(`\\n${TUPLE}\\n(?:-A [^\\n]*\\n)*`, 'g');
