import { beforeEach, describe, expect, it } from 'vitest';
import type { LogFields } from './ports.ts';
import { RecurringFaults } from './recurring-faults.ts';

let now: number;
let lines: unknown[];
let faults: RecurringFaults;

beforeEach(() => {
  now = 0;
  lines = [];
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}): void =>
      void lines.push([level, event, fields]);
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  faults = new RecurringFaults({ clock: { monotonicMs: () => now }, log });
});

function passMs(ms: number): void {
  for (const end = now + ms; now < end; now += 250) faults.tick();
}

describe('a fault that comes again and again', () => {
  it('is logged when it begins, and when it is over', () => {
    for (let times = 0; times < 1000; times += 1) {
      faults.met('frame-refused', { from: 'a', code: 'MALFORMED' }, { reason: `of frame ${times}` });
      passMs(250);
    }
    expect(lines).toEqual([['warn', 'frame-refused', { from: 'a', code: 'MALFORMED', reason: 'of frame 0' }]]);
    passMs(61_000);
    expect(lines[1]).toEqual([
      'info',
      'frame-refused-ended',
      { from: 'a', code: 'MALFORMED', times: 1000, forMs: 249_750 },
    ]);
    passMs(600_000);
    expect(lines).toHaveLength(2);
  });

  it('is news again after it was over', () => {
    faults.met('frame-refused', { from: 'a' });
    passMs(61_000);
    faults.met('frame-refused', { from: 'a' });
    expect(lines).toEqual([
      ['warn', 'frame-refused', { from: 'a' }],
      ['warn', 'frame-refused', { from: 'a' }],
    ]);
  });

  it('is told apart by its event and its cause', () => {
    for (let times = 0; times < 3; times += 1) {
      faults.met('frame-refused', { from: 'a' });
      faults.met('frame-refused', { from: 'b' });
      faults.met('gossip-refused', { from: 'a' });
    }
    expect(lines).toHaveLength(3);
  });

  it('is remembered with a bounded number of others', () => {
    for (let n = 0; n < 5000; n += 1) faults.met('frame-refused', { from: `${n}` });
    expect(lines).toHaveLength(1000);
  });
});
