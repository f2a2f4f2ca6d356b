import { describe, expect, it } from 'vitest';
import { parseStorageArguments, UsageError } from './storage-arguments.ts';

describe('the command line', () => {
  it('measures everything when nothing is said', () => {
    const args = parseStorageArguments([]);
    expect(args).toMatchObject({ json: false, quick: false, valueBytes: [100, 10_000, 1000] });
    expect(args?.engines).toEqual(['ours', 'classic-level', 'lmdb', 'better-sqlite3']);
    expect(args?.workloads.map(({ name }) => name)).toEqual([
      'put-buffered-1',
      'put-buffered-64',
      'put-durable-1',
      'put-durable-16',
      'put-durable-64',
      'batch',
      'get-hot',
      'get-cold',
      'get-missing',
      'get-many',
      'seek',
      'scan-forward',
      'scan-reverse',
      'read-while-writing',
      'overwrite',
      'write-amplification',
      'memory',
      'event-loop',
      'recovery',
    ]);
  });

  it('takes lists, and runs workloads in their own order', () => {
    const line = ['--quick', '--engine', 'lmdb, ours', '--workload', 'seek,batch', '--value-bytes', '100,500,100'];
    const args = parseStorageArguments(line);
    expect(args).toMatchObject({ quick: true, engines: ['lmdb', 'ours'], valueBytes: [100, 500] });
    expect(args?.workloads.map(({ name }) => name)).toEqual(['batch', 'seek']);
  });

  it('is explained on request', () => {
    expect(parseStorageArguments(['--help'])).toBeUndefined();
  });

  it.each([
    [['--engine', 'leveldb'], '--engine takes ours, classic-level, lmdb, better-sqlite3, got "leveldb"'],
    [['--workload', 'put'], 'got "put"'],
    [['--workload', 'load'], 'got "load"'],
    [['--workload', ''], 'got ""'],
    [['--value-bytes', '0'], '--value-bytes takes sizes from 1 to 1048576, got "0"'],
    [['--value-bytes', '1e3'], 'got "1e3"'],
    [['--value-bytes', '2000000'], 'got "2000000"'],
    [['--workload', 'memory', '--value-bytes', '100'], 'memory is measured with --value-bytes 10000'],
    [['--rounds', '3'], '--rounds'],
    [['quick'], 'quick'],
  ])('refuses %j', (line, message) => {
    expect(() => parseStorageArguments(line)).toThrow(UsageError);
    expect(() => parseStorageArguments(line)).toThrow(message);
  });
});
