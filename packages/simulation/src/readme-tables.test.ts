/** The README's tables name every fault, check and planted bug that there is. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs/all-planted-bugs.ts';
import { faultKinds } from './world/fault-log.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it.each(plantedBugs)('tells what $name does', ({ name, wrong }) => {
    expect(readme).toMatch(new RegExp(`\\| \`${name}\` +\\| ${wrong} +\\|`));
  });

  it.each(faultKinds)('tells what %s is', (kind) => {
    expect(readme).toContain(`\`${kind}\``);
  });
});
