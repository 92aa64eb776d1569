/**
 * What stands inside a layer of a frame: an IP packet, or the name of what it is instead. Names are
 * ours, or numbers: nothing of a packet's text is in them.
 */
export type Found =
  | { readonly kind: 'ip'; readonly bytes: Buffer }
  | { readonly kind: 'foreign'; readonly name: string };

export const foreign = (name: string): Found => ({ kind: 'foreign', name });

/** The bytes as an IP packet of either version; else `name`. */
export function asIp(bytes: Buffer, name: string): Found {
  const version = (bytes[0] ?? 0) >> 4;
  return version === 4 || version === 6 ? { kind: 'ip', bytes } : foreign(name);
}

export const hexName = (prefix: string, value: number): string =>
  `${prefix} 0x${value.toString(16).padStart(4, '0')}`;
