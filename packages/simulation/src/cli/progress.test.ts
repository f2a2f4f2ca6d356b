import { expect, it } from 'vitest';
import { Progress } from './progress.ts';

const broken = [{ check: 'no-lost-write', operations: [], message: 'a write is gone' }];

it('is a line now and then where lines stay, and tells at once of a broken promise', () => {
  let now = 0;
  const written: string[] = [];
  const progress = new Progress(3, { write: (text) => written.push(text), isTerminal: false }, () => now);
  progress.seedDone({ seed: 1, violations: [] });
  progress.seedDone({ seed: 2, violations: broken });
  now = 61_000;
  progress.seedDone({ seed: 3, violations: [] });
  progress.bugRunDone('no-sync-before-ack', 2);
  progress.clear();
  expect(written).toEqual([
    'seed 2 broke a promise: no-lost-write: a write is gone\n',
    '3/3 seeds, 1 violations, 61 s\n',
  ]);
});

it('is one line on a terminal, which is written over', () => {
  const written: string[] = [];
  const progress = new Progress(2, { write: (text) => written.push(text), isTerminal: true }, () => 0);
  progress.seedDone({ seed: 1, violations: [] });
  progress.seedDone({ seed: 2, violations: broken });
  progress.clear();
  const over = '\r\u001b[K';
  expect(written.join('')).toBe(
    `${over}1/2 seeds, 0 violations, 0 s${over}seed 2 broke a promise: no-lost-write: a write is gone\n` +
      `${over}2/2 seeds, 1 violations, 0 s${over}`,
  );
});
