import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalAddress, cidrOf } from '../../../src/core/common/address.js';
import { textRange } from '../../../src/store/read/read-prefix.js';

it('has every address of a network between its texts', () => {
  const sparse = fc.array(fc.constantFrom('0', '1', 'db8', 'ffff', 'a'), {
    minLength: 8,
    maxLength: 8,
  });
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    sparse.map((groups) => groups.join(':')),
  );
  fc.assert(
    fc.property(address, fc.integer({ min: 8, max: 128 }), (text, bits) => {
      const one = canonicalAddress(text);
      if (one === null) return;
      const network = cidrOf(one, one.includes(':') ? bits : Math.max(8, bits % 33));
      if (network === null) throw new Error('no network');
      const { from, to } = textRange(network);
      // Alone an address is not looked for by texts.
      if (network.prefix < (network.family === 4 ? 32 : 128)) {
        expect(from <= one && one < to).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});
