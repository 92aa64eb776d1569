import { LIMITS } from '../common/limits.js';
import { createPairing, type Pairing } from './pairing.js';
import { createRecent, type Recent } from './recent.js';

/** What is remembered of the PBX beside the trap; bounded. */
export interface PbxState {
  /** Whether the PBX is behind an address: what is asked from there is not heard. */
  isOwn: (address: string) => boolean;
  readonly pairing: Pairing;
  /** Sources, by identity, from which somebody logged in a while ago. */
  readonly vouched: Recent;
}

export const createPbxState = (isOwn: PbxState['isOwn'] = () => false): PbxState => ({
  isOwn,
  pairing: createPairing(),
  vouched: createRecent(LIMITS.vouchedSourcesMax, LIMITS.vouchedS),
});
