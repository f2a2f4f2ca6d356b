/** The README's tables name every fault, check and planted bug that there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs/all-planted-bugs.ts';
import { faultKinds } from './world/fault-log.ts';

const source = new URL('.', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /(?<!\.test)\.ts$/.test(path),
);
const checks = files.flatMap((path) =>
  [...readFileSync(new URL(path, source), 'utf8').matchAll(/(?:check: |#violated\()'([a-z-]+)'/g)].map(
    ([, name]) => name!,
  ),
);

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it.each(plantedBugs)('tells what $name does', ({ name, wrong }) => {
    expect(readme).toMatch(new RegExp(`\\| \`${name}\` +\\| ${wrong} +\\|`));
  });

  it.each(faultKinds)('tells what %s is', (kind) => {
    expect(readme).toContain(`\`${kind}\``);
  });

  it.each([...new Set(checks)])('tells what %s checks', (name) => {
    expect(readme).toContain(`\`${name}\``);
  });
});
