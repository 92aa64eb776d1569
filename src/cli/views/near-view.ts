import type { SourceView } from '../../api/views/source.js';
import { renderTable } from '../text/table.js';
import { count } from '../text/words.js';

/** What the store found out of the passwords that were tried. */
export function renderEvidence({
  passwords: { accounts, equal_to_user: equal },
}: Pick<SourceView, 'passwords'>): string {
  if (accounts === 0) return '';
  const known = `It tried a password that is known for ${count(accounts, 'account')}`;
  const listed = accounts - equal;
  const kinds = [
    equal === 0 ? '' : `for ${equal} the user name itself`,
    listed === 0 ? '' : `for ${listed} a word of the list, or one made of the user name`,
  ].filter((kind) => kind !== '');
  return `\n${known}: ${kinds.join(', ')}.`;
}

/** What an operator may do for telephones that are here by mistake. */
export const renderMisdirected = ({
  misdirected_phones: misdirected,
  address,
}: Pick<SourceView, 'misdirected_phones' | 'address'>): string =>
  misdirected
    ? 'Misdirected phones, as it seems: the same credentials again and again, and no others. If they are ' +
      `yours, correct the address of their server; \`protect add ${address}\` keeps them from being blocked.`
    : '';

const NEAR_SHOWN = 6;

/** How near rules are, which have not fired, or why that is not known. */
export function renderNear(view: Pick<SourceView, 'near' | 'blocks'>, nowMs: number): string {
  const { near, blocks } = view;
  if (near === null) {
    const blocked = blocks.some(
      ({ ended_at: ended, expires_at: expires }) =>
        ended === null && (expires === null || Date.parse(expires) > nowMs),
    );
    return blocked
      ? ''
      : 'Near: not known, for no agent runs that could be asked: the counts are in its memory alone.';
  }
  if (near.length === 0) return 'Near: no rule counts anything of it now.';
  const rows = near
    .slice(0, NEAR_SHOWN)
    .map(({ rule, attack_type: type, points, things, needed, what }) => [
      rule,
      `${things} of ${needed} ${what}`,
      type,
      String(points),
    ]);
  const head = ['RULE', 'COUNTED', { title: 'ATTACK TYPE', rank: 2 }, { title: 'POINTS', rank: 1 }];
  const more = near.length - rows.length;
  const rest = more > 0 ? `, and of ${more} others less` : '';
  return `Near: rules that have not fired${rest}\n${renderTable(head, rows)}`;
}
