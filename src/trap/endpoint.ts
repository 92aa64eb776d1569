import { canonicalAddress } from '../core/common/address.js';
import type { Endpoint } from '../core/model/transport.js';

/** An endpoint from the kernel's text. Its plain forms are canonical already: no work for those. */
export function toEndpoint(address: string, port: number): Endpoint {
  const plain = !address.includes(':') || !/[.%]/.test(address);
  return { address: plain ? address : (canonicalAddress(address) ?? address), port };
}
