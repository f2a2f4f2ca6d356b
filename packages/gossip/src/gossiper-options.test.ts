import { describe, expect, it } from 'vitest';
import { GossipError } from './errors.ts';
import { type GossiperOptions, resolveOptions } from './gossiper-options.ts';

const least: GossiperOptions = { id: 'a', clusterId: 'c1', address: 'a:1', generation: 1 };

describe('resolveOptions', () => {
  it('scales every default with the heartbeat interval', () => {
    expect(resolveOptions(least)).toEqual({
      ...least,
      status: 'joining',
      seeds: [],
      heartbeatIntervalMs: 1000,
      fanout: 3,
      phiThreshold: 8,
      minDeviationMs: 500,
      arrivalWindow: 128,
      confirmations: 3,
      suspicionMinMs: 2000,
      suspicionMaxMs: 12_000,
      maxLocalPauseMs: 2000,
      maxLocalHealth: 4,
      leftRetentionMs: 60_000,
      maxMembers: 1024,
      maxGenerationJump: 1_000_000,
      forgotten: [],
    });
    expect(resolveOptions({ ...least, heartbeatIntervalMs: 200 })).toMatchObject({
      minDeviationMs: 100,
      suspicionMinMs: 400,
      suspicionMaxMs: 2400,
      maxLocalPauseMs: 400,
      leftRetentionMs: 12_000,
    });
  });

  it.each<[keyof GossiperOptions, unknown, string]>([
    ['id', '', 'option id needs well-formed text of 1 to 64 bytes, got ""'],
    ['id', 'é'.repeat(33), 'option id needs well-formed text of 1 to 64 bytes'],
    ['clusterId', 7, 'option clusterId needs well-formed text of 1 to 64 bytes, got 7'],
    ['address', 'a'.repeat(256), 'option address needs well-formed text of 1 to 255 bytes'],
    ['seeds', ['b:1', ''], 'option seeds needs well-formed text'],
    ['status', 'left', 'option status needs joining, normal or leaving, got "left"'],
    ['generation', 0, 'option generation needs an integer from 1 to 1000000, got 0'],
    ['generation', 1_000_001, 'option generation needs an integer from 1 to 1000000, got 1000001'],
    ['heartbeatIntervalMs', 0, 'option heartbeatIntervalMs needs a number from 1'],
    ['fanout', 1.5, 'option fanout needs an integer from 1'],
    ['phiThreshold', Number.NaN, 'option phiThreshold needs a number from 1'],
    ['minDeviationMs', 0, 'option minDeviationMs needs a number'],
    ['arrivalWindow', 1, 'option arrivalWindow needs an integer from 2'],
    ['confirmations', -1, 'option confirmations needs an integer from 0'],
    ['suspicionMinMs', -1, 'option suspicionMinMs needs a number from 0'],
    ['suspicionMaxMs', 1999, 'option suspicionMaxMs needs a number from 2000'],
    ['maxLocalPauseMs', 999, 'option maxLocalPauseMs needs a number from 1000'],
    ['maxLocalHealth', 0.5, 'option maxLocalHealth needs an integer from 0'],
    ['leftRetentionMs', Number.POSITIVE_INFINITY, 'option leftRetentionMs needs a number from 0'],
    ['maxMembers', 0, 'option maxMembers needs an integer from 1'],
    ['maxGenerationJump', 0, 'option maxGenerationJump needs an integer from 1'],
    ['forgotten', [{ id: 'a', generation: 1 }], 'option generation needs more than 1, which was forgotten, got 1'],
    ['forgotten', [{ id: 'b', generation: 0.5 }], 'option forgotten needs an integer from 0'],
  ])('refuses %s = %j', (name, value, message) => {
    const attempt = (): unknown => resolveOptions({ ...least, [name]: value });
    expect(attempt).toThrow(GossipError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
