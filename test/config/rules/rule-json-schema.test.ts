import { expect, it } from 'vitest';
import { ruleJsonSchema } from '../../../src/config/rules/rule-json-schema.js';

it('is published as docs/rules.schema.json', async () => {
  const text = `${JSON.stringify(ruleJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../../docs/rules.schema.json');
});

it('knows every key of a rule', () => {
  expect(ruleJsonSchema()).toMatchObject({
    type: 'object',
    additionalProperties: false,
    properties: { id: {}, basis: {}, enabled: {}, count: { properties: { by: {}, leak: {} } } },
    required: ['id', 'name', 'version', 'attack_type', 'severity', 'description', 'points'],
  });
});
