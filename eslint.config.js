import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Which environment a folder is for. Which folder imports which is kept by the project references of
 * tsconfig.json and by test/arch/imports.test.ts.
 */
const forbid = (files, ...patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});
const vscode = { group: ['vscode'], message: 'Only src/ and test/extension/ import vscode.' };
const node = { group: ['node:*'], message: 'This folder is plain TypeScript: no Node.' };

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
  forbid(['kernel/**/*.ts'], vscode),
  forbid(['{kernel/{contract,rnn,io,notebook},media}/**/*.ts', 'kernel/unroll.ts'], vscode, node),
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
