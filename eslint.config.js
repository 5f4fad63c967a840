import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

/**
 * Imports go one way (see CONTRIBUTING.md): ui → state → { domain, engine, weights, storage } → domain.
 * Each folder names what it may not reach; `main.ts` and the worker entries wire the parts together.
 */
const forbid = (folder, ...others) => ({
  files: [`src/${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...(others.length > 0
            ? [
                {
                  group: others.map((name) => `**/${name}/**`),
                  message: `src/${folder} must not import ${others.join(', ')}.`,
                },
              ]
            : []),
          ...(folder === 'engine'
            ? []
            : [{ group: ['@mlc-ai/web-llm'], message: 'Only src/engine/worker value-imports the engine.' }]),
          ...(['weights', 'storage'].includes(folder)
            ? []
            : [{ group: ['idb-keyval'], message: 'Only src/storage and src/weights touch IndexedDB.' }]),
        ],
      },
    ],
  },
});

export default ts.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'public/',
      'test/results/',
      'test/bench/results/',
      'test/fixtures/',
      'model-config/demo/',
    ],
  },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.worker, ...globals.node },
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='only']",
          message: 'A focused test hides the others.',
        },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // It also flags Maps, Sets and URLs that live and die inside a function; state here is `$state.raw`, replaced whole.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [ts.configs.disableTypeChecked] },
  forbid('domain', 'engine', 'weights', 'storage', 'state', 'ui'),
  forbid('engine', 'weights', 'storage', 'state', 'ui'),
  forbid('weights', 'engine', 'storage', 'state', 'ui'),
  forbid('storage', 'engine', 'weights', 'state', 'ui'),
  forbid('state', 'ui'),
  forbid('ui', 'engine', 'weights', 'storage'),
);
