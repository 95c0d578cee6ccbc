// The rules of the house: typescript-eslint strict, and who may import whom (docs/architecture.md).
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const agentLibraries = {
  group: [
    'azure-pipelines-task-lib',
    'azure-pipelines-task-lib/*',
    'azure-pipelines-tool-lib',
    'azure-pipelines-tool-lib/*',
  ],
  message: 'Only shared/agent talks to the pipeline agent.',
};
const childProcesses = {
  group: ['child_process', 'node:child_process'],
  message: 'Child processes are started in shared/agent/tool.ts only.',
};
const azureLibraries = { group: ['@azure/*'], message: 'Only shared/azure talks to Azure.' };
const folder = (name, message) => ({ group: [`**/${name}/**`], message });
const offLimits = ['local', 'samples', 'tests', 'bench', 'scripts'].map(name =>
  folder(name, `The product never imports ${name}/.`),
);
const restrict = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});
const noProcess = {
  rules: {
    'no-console': 'error',
    'no-restricted-properties': [
      'error',
      { object: 'process', property: 'env', message: 'Only shared/agent reads the environment.' },
      { object: 'process', property: 'exit', message: 'A task ends by its result, never by process.exit.' },
    ],
  },
};

export default defineConfig(
  {
    ignores: [
      'node_modules/',
      'dist/',
      'out/',
      'coverage/',
      '**/*.generated.ts',
      'samples/',
      // AssemblyScript, which its own compiler checks.
      'tasks/RunJmeterLoad/src/analysis/kernel/',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
    },
  },
  {
    files: ['*.config.js'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-restricted-exports': 'off' },
  },
  { files: ['shared/**/*.ts', 'tasks/**/*.ts'], ignores: ['shared/agent/**'], ...noProcess },
  restrict(
    ['shared/core/**/*.ts'],
    [
      agentLibraries,
      childProcesses,
      azureLibraries,
      ...offLimits,
      folder('agent', 'core knows no agent.'),
      folder('azure', 'core knows no Azure.'),
    ],
  ),
  restrict(
    ['shared/report/**/*.ts'],
    [
      agentLibraries,
      childProcesses,
      azureLibraries,
      ...offLimits,
      folder('agent', 'The report knows no agent.'),
      folder('azure', 'The report knows no Azure.'),
      folder('tasks', 'shared never imports tasks.'),
    ],
  ),
  restrict(
    ['shared/azure/**/*.ts'],
    [agentLibraries, childProcesses, ...offLimits, folder('tasks', 'shared never imports tasks.')],
  ),
  restrict(
    ['shared/agent/**/*.ts'],
    [
      azureLibraries,
      ...offLimits,
      folder('azure', 'The agent knows no Azure.'),
      folder('tasks', 'shared never imports tasks.'),
    ],
  ),
  restrict(
    ['tasks/*/src/**/*.ts'],
    [
      agentLibraries,
      childProcesses,
      azureLibraries,
      ...offLimits,
      { group: ['**/tasks/**', '../../*/src/*'], message: 'Tasks never import tasks.' },
    ],
  ),
  restrict(
    ['local/**/*.ts'],
    [
      agentLibraries,
      azureLibraries,
      folder('tasks', 'local/ knows a task as an agent does.'),
      { group: ['**/shared/agent/**', '**/shared/azure/**'], message: 'local/ imports core and its own.' },
    ],
  ),
  restrict(
    ['report/**/*.ts'],
    [
      agentLibraries,
      azureLibraries,
      ...offLimits,
      {
        group: ['node:*', '**/shared/agent/**', '**/shared/azure/**'],
        message: 'The report runs in a browser.',
      },
      folder('tasks', 'The report knows its data format only.'),
    ],
  ),
  {
    files: ['report/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-eval': 'error',
      '@typescript-eslint/no-implied-eval': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|srcdoc|createContextualFragment|parseFromString|write|writeln|cssText)$/]',
          message: 'Text from outside is set as text (report/page/dom.ts), never parsed.',
        },
      ],
    },
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [] }],
    },
  },
);
