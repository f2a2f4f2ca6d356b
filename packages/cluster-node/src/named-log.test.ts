import { describe, expect, it } from 'vitest';
import { namedLog } from './named-log.ts';

describe('a log that names members', () => {
  it('says who it is where there is an id, and leaves everything else as it is', () => {
    const lines: unknown[] = [];
    const line = (level: string) => (event: string, fields?: unknown) => lines.push([level, event, fields]);
    const inner = { info: line('info'), warn: line('warn'), error: line('error') };
    const log = namedLog(inner, (id) => (id === 'id-1' ? 'node-1' : id));
    log.warn('member-down', { member: 'id-1', generation: 2 });
    log.info('frame-refused', { from: 'stranger', code: 'MALFORMED' });
    log.error('stopped');
    expect(lines).toEqual([
      ['warn', 'member-down', { member: 'node-1', generation: 2 }],
      ['info', 'frame-refused', { from: 'stranger', code: 'MALFORMED' }],
      ['error', 'stopped', undefined],
    ]);
  });
});
