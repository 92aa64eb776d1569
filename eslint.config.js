import tseslint from 'typescript-eslint';

const MESSAGE_BY_HAND = {
  selector:
    "ConditionalExpression[test.operator='instanceof'][test.right.name='Error']" +
    "[consequent.property.name='message'][alternate.callee.name='String']",
  message: 'messageOf (core/common/errors.ts) does this',
};

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', 'test/fixtures'] },
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.ts', 'vitest.config.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', MESSAGE_BY_HAND],
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    // A suite is one function that holds its cases; its length, and its file's, say nothing.
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    // The page runs in a browser.
    files: ['src/dashboard/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setImmediate', 'global', 'require'],
    },
  },
  {
    // core is deterministic: the time, the random numbers and the outside come in as arguments.
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'fetch',
        'setTimeout',
        'setInterval',
        'performance',
        'crypto',
      ],
      'no-restricted-syntax': [
        'error',
        MESSAGE_BY_HAND,
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: 'core gets `now` as an argument',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'core gets `now` as an argument',
        },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'core has no random source',
        },
      ],
    },
  },
);
