import { readFile, stat } from 'node:fs/promises';
import type { AsnResponse, CountryResponse, Response } from 'maxmind';
import { messageOf } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';

/** Where an address belongs, as far as the databases say. Their text is not escaped. */
export interface AddressOrigin {
  /** Autonomous system: its number and whose it is. */
  readonly asn: number | null;
  readonly organisation: string | null;
  /** ISO 3166 code. */
  readonly country: string | null;
  /** Why a database that is configured says nothing, a sentence each. */
  readonly problems: readonly string[];
}

export interface AddressDatabases {
  readonly geoipAsnFile: string | null;
  readonly geoipCountryFile: string | null;
}

/**
 * Looks a canonical address up in the databases that are configured, which are MaxMind's format
 * (mmdb 2). A database that cannot be read is no error: what is known otherwise must still be told.
 */
export async function findPlace(files: AddressDatabases, address: string): Promise<AddressOrigin> {
  const network = await lookUp<AsnResponse>(files.geoipAsnFile, address);
  const country = await lookUp<CountryResponse>(files.geoipCountryFile, address);
  return {
    asn: network.found?.autonomous_system_number ?? null,
    organisation: network.found?.autonomous_system_organization ?? null,
    country: country.found?.country?.iso_code ?? null,
    problems: [network.problem, country.problem].filter((problem) => problem !== null),
  };
}

interface LookedUp<T> {
  readonly found: T | null;
  readonly problem: string | null;
}

async function lookUp<T extends Response>(
  file: string | null,
  address: string,
): Promise<LookedUp<T>> {
  if (file === null) return { found: null, problem: null };
  try {
    const { size } = await stat(file);
    if (size > LIMITS.geoFileBytesMax) throw new Error(`it has ${size} bytes`);
    const { Reader } = await import('maxmind');
    const reader = new Reader<T>(await readFile(file));
    return { found: reader.get(address), problem: null };
  } catch (error) {
    const why = messageOf(error);
    return { found: null, problem: `${file} cannot be used: ${why}` };
  }
}
