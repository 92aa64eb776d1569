/** Where one is on the page: what stands after `#` in the address. */
export interface PagePlace {
  readonly view: View;
  /** The address whose story is told. */
  readonly address: string | null;
  readonly words: URLSearchParams;
}

export const VIEWS = [
  ['overview', 'Overview'],
  ['events', 'Events'],
  ['sources', 'Sources'],
  ['blocks', 'Blocks'],
  ['tried', 'Tried'],
  ['rules', 'Rules'],
  ['system', 'System'],
] as const;
export type View = (typeof VIEWS)[number][0];

/** What is not known leads to the overview. */
export function readPlace(hash: string): PagePlace {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [name = '', rest = ''] = path.split('/', 2);
  const view = VIEWS.find(([each]) => each === name)?.[0] ?? 'overview';
  const address = view === 'sources' && rest !== '' ? decode(rest) : null;
  return { view, address, words: new URLSearchParams(query) };
}

export const placeOf = (view: View, words: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams(words).toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
};

export const storyOf = (address: string): string => `#/sources/${encodeURIComponent(address)}`;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
