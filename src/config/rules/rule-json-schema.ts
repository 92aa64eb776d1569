import { z } from 'zod';
import { ruleDocument } from './rule-schema.js';

/**
 * The format of one document of a rule file as JSON Schema (2020-12), for editors. What it cannot
 * say (a duration's upper bound, which keys exclude each other) the program checks all the same.
 */
export function ruleJsonSchema(): object {
  return {
    ...z.toJSONSchema(ruleDocument, { io: 'input', unrepresentable: 'any' }),
    title: 'A detection rule of sentrypeer-agent',
  };
}
