/** Lints a text as if it stood in a file of the workspace, with the rules that the file has. */
import { join } from 'node:path';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { root } from './repository.ts';

/** The rules under test. None needs types, whose absence makes a lint a hundred times quicker. */
const rules = [
  '@nx/enforce-module-boundaries',
  'no-restricted-globals',
  'no-restricted-imports',
  'no-restricted-properties',
] as const;

export type RuleUnderTest = (typeof rules)[number];

export interface Complaint {
  readonly rule: RuleUnderTest;
  readonly message: string;
}

/**
 * The dependency rule looks the projects up in Nx's cached graph, and says nothing at all when there is none. So the
 * graph is made first.
 */
export async function prepareLint(): Promise<void> {
  process.env['NX_DAEMON'] = 'false';
  await createProjectGraphAsync({ exitOnError: false });
}

/** @param path of the file that the text stands in, relative to the root; it need not exist. */
export async function lintText(path: string, text: string): Promise<readonly Complaint[]> {
  const results = await eslint.lintText(text, { filePath: join(root, path) });
  const messages = results.flatMap((result) => result.messages);
  return messages.map(({ ruleId, message }) => {
    const rule = rules.find((candidate) => candidate === ruleId);
    if (rule === undefined) throw new Error(`${path} could not be linted: ${message}`);
    return { rule, message };
  });
}

const eslint = new ESLint({
  cwd: root,
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => rules.some((rule) => rule === ruleId),
});
