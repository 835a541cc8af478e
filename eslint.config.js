import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What a folder may import is its place in the house (docs/architecture.md). */
const forbid = (files, groups) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: groups }] },
});
const vscode = { group: ['vscode'], message: 'Only src/ and test/extension/ import vscode.' };
const node = { group: ['node:*'], message: 'This folder is plain TypeScript: no Node.' };
const outside = (...group) => ({
  group,
  message: 'Imports point one way: see docs/architecture.md.',
});

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'coverage/', 'test/host/workbench/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Indexing typed arrays under noUncheckedIndexedAccess needs `a[i]!` in numeric loops.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
    },
  },
  forbid(['kernel/contract/**/*.ts'], [vscode, node, outside('../*')]),
  forbid(['kernel/rnn/**/*.ts'], [vscode, node, outside('**/contract/**', '**/session/**')]),
  forbid(
    ['kernel/client/**/*.ts'],
    [vscode, outside('**/rnn/**', '**/session/**', '**/notebook/**', '**/cli/**', '**/src/**')],
  ),
  forbid(['kernel/{session,notebook,cli}/**/*.ts', 'kernel/*.ts'], [vscode, outside('**/src/**')]),
  forbid(['src/**/*.ts'], [outside('**/rnn/**', '**/session/**', '**/media/**')]),
  forbid(['media/**/*.ts'], [vscode, node, outside('**/rnn/**', '**/session/**', '**/src/**')]),
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unused-expressions': 'off' },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
      },
    },
  },
);
