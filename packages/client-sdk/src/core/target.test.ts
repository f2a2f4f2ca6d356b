import { describe, expect, it } from 'vitest';
import { KvError } from './errors.ts';
import { parseTarget, splitAddress } from './target.ts';

describe('where a cluster is', () => {
  it.each([
    ['kv://127.0.0.1:7400', ['127.0.0.1:7400'], 5000],
    ['kv://a:1,b:2/', ['a:1', 'b:2'], 5000],
    ['kv://localhost', ['localhost:7400'], 5000],
    ['kv://[::1]:7400,[::1]', ['[::1]:7400'], 5000],
    ['kv://a?timeout=500ms', ['a:7400'], 500],
    ['kv://a/?timeout=250', ['a:7400'], 250],
  ])('%s', (text, nodes, timeoutMs) => {
    expect(parseTarget(text)).toEqual({ nodes, timeoutMs });
  });

  it('may be an object', () => {
    expect(parseTarget({ nodes: [' a:1 ', 'a:1'], timeoutMs: 10 })).toEqual({ nodes: ['a:1'], timeoutMs: 10 });
  });

  it.each([
    '',
    'http://a:1',
    'kv://',
    'kv://a:1/shop',
    'kv://a:1?timeout=soon',
    'kv://a:1?retries=3',
    'kv://a:0',
    'kv://a:70000',
    'kv://a b:1',
    'kv://::1:7400',
    'kv://a:1,',
  ])('refuses %j', (text) => {
    expect(() => parseTarget(text)).toThrow(KvError);
  });

  it('refuses no node and no time', () => {
    expect(() => parseTarget({ nodes: [] })).toThrow(/at least one node/);
    expect(() => parseTarget({ nodes: ['a'], timeoutMs: 0 })).toThrow(/1 to 2\^31-1 ms/);
    expect(() => parseTarget({ nodes: ['a'], timeoutMs: Number.NaN })).toThrow(/1 to 2\^31-1 ms/);
  });

  it('splits what it accepts', () => {
    expect(splitAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(splitAddress('a')).toEqual({ host: 'a', port: 7400 });
  });
});
