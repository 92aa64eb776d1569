import { readFile, stat } from 'node:fs/promises';
import { Reader, type CountryResponse } from 'maxmind';
import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { detach } from '../../core/common/text.js';

export interface Countries {
  /** ISO 3166 code of an address; null where it is not known. Never throws. */
  readonly countryOf: (address: string) => string | null;
  /** Why the database of countries is not used, a sentence; null when it is, or none is configured. */
  readonly problem: string | null;
}

const NONE = { countryOf: () => null };

/** Opens a database of countries (mmdb). One that cannot be used is told, and no country is known. */
export async function openCountries(file: string | null): Promise<Countries> {
  if (file === null) return { ...NONE, problem: null };
  try {
    const { size } = await stat(file);
    if (size > LIMITS.geoFileBytesMax) throw new Error(`it has ${size} bytes`);
    const reader = new Reader<CountryResponse>(await readFile(file));
    return { countryOf: remember((address) => codeOf(reader, address)), problem: null };
  } catch (error) {
    return { ...NONE, problem: `${file} cannot be used: ${messageOf(error)}` };
  }
}

function codeOf(reader: Reader<CountryResponse>, address: string): string | null {
  try {
    return reader.get(address)?.country?.iso_code ?? null;
  } catch {
    // A damaged record of one address: nothing is known of it.
    return null;
  }
}

function remember(find: (address: string) => string | null): (address: string) => string | null {
  let known = new Map<string, string | null>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const country = find(address);
    if (known.size >= LIMITS.countriesRememberedMax) known = new Map();
    known.set(detach(address), country);
    return country;
  };
}
