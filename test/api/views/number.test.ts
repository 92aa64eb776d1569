import { describe, expect, it } from 'vitest';
import { NUMBER_CSV_HEAD, numberCsv, numberView } from '../../../src/api/views/number.js';

const stored = {
  id: 1,
  number: '+442071838750',
  valid: true,
  country: 'GB',
  callingCode: '44',
  type: 'fixed_line',
  highRisk: false,
  firstAtUs: 0,
  lastAtUs: 1,
  lastSource: '203.0.113.7',
  calls: 2,
  forms: ['00442071838750'],
  formsTotal: 1,
} as const;

describe('numberCsv', () => {
  it('has a field for each of its head, and the number as programs read it', () => {
    const line = numberCsv(numberView(stored));
    expect(line.split(',')).toHaveLength(NUMBER_CSV_HEAD.split(',').length);
    expect(line).toMatch(/^\+442071838750,GB,fixed_line,false,true,2,1970-01-01T00:00:00.000000Z,/);
  });

  it.each(['=cmd', '+44 1', '-1', '@x'])('takes the bite out of the form %s', (form) => {
    const line = numberCsv(numberView({ ...stored, forms: [form] }));
    expect(line.endsWith(`,"'${form}"`)).toBe(true);
  });
});
