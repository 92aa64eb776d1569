import { describe, expect, it } from 'vitest';
import {
  calledNumber,
  numberKind,
  prefixOf,
  suffixOf,
} from '../../../../src/core/detect/fields/called-number.js';

describe('calledNumber', () => {
  it('takes fewer than nine digits for an extension', () => {
    expect(['12345678', '1-2-3-4-5-6-7-8'].map(calledNumber)).toEqual([null, null]);
    expect(calledNumber('123456789')?.digits).toBe('123456789');
  });

  // What rules see of one number, whatever is dialled before it.
  it.each([
    ['%39011-882-16-12345678', '90118821', '612345678', 'network'],
    ['00972592577956', '00972', '592577956', 'high-risk'],
    ['972592577956', '972', '592577956', 'high-risk'],
    ['9+972592577956', '9972', '592577956', 'high-risk'],
    ['00+972592577956', '00972', '592577956', 'high-risk'],
    ['+00972592577956', '+00972', '592577956', 'high-risk'],
    ['*67900972592577956', '67900972', '592577956', 'high-risk'],
    ['#31#972592577956', '31972', '592577956', 'high-risk'],
    ['*9*00972592577956', '900972', '592577956', 'high-risk'],
    ['7600972592577956', '7600972', '592577956', 'high-risk'],
    ['a00972592577956', '00972', '592577956', 'high-risk'],
    ['592577956;phone-context=+972', '+972', '592577956', 'high-risk'],
    ['592577956;phone-context=pbx.example', '-', '592577956', ''],
    ['00442079460018', '00442', '079460018', ''],
  ])('%s is %s %s (%s)', (user, prefix, suffix, kind) => {
    const number = calledNumber(user);
    if (number === null) throw new Error(`${user} dials nothing`);
    expect([prefixOf(number), suffixOf(number), numberKind(number)]).toEqual([
      prefix,
      suffix,
      kind,
    ]);
  });
});
