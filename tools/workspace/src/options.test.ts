import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limits, parseOptions, readDataFolder, readNumber } from '../options.mjs';
import { root } from './repository.ts';

// Loaded late, as the scripts do: they build it first.
const { clusterLimits, CommandLines } = await import('@kv/local-cluster');

const start = {
  command: 'npm start --',
  names: ['nodes', 'port', 'data'],
  usage: 'npm start -- --nodes 5 --port 7500 --data DIR',
};
const node = { command: 'npm run node --', names: ['data'], usage: 'npm run node -- 2 --data DIR', positionals: 1 };

function refusal(argv: readonly string[], env: NodeJS.ProcessEnv = {}, line: typeof start = start): string {
  try {
    parseOptions(argv, env, line);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'it was accepted';
}

describe('the options of npm start', () => {
  it('are read with a space or an equals sign', () => {
    const { options } = parseOptions(['--nodes', '5', '--data=a=b'], {}, start);
    expect([...options]).toEqual([
      ['nodes', '5'],
      ['data', 'a=b'],
    ]);
    expect(readNumber(options, 'nodes')).toEqual({ nodes: 5 });
    expect(readNumber(options, 'port')).toEqual({});
  });

  it.each([
    [['--nodez', '5'], 'unknown option --nodez'],
    [['--nodes'], '--nodes needs a value'],
    [['--help'], 'unknown option --help: npm start -- --nodes 5 --port 7500 --data DIR'],
  ])('are refused: %j', (argv, message) => {
    expect(refusal(argv)).toContain(message);
  });

  it.each(['three', '-1', '2.5', '', '1e3', '0', '33', '1000'])('are numbers of nodes, not %j', (text) => {
    const { options } = parseOptions([`--nodes=${text}`], {}, start);
    expect(() => readNumber(options, 'nodes')).toThrow(`--nodes needs a whole number from 1 to 32, got "${text}"`);
  });

  it.each(['0', '80', '65504', '99999'])('are ports, not %j', (text) => {
    const { options } = parseOptions(['--port', text], {}, start);
    expect(() => readNumber(options, 'port')).toThrow(`--port needs a whole number from 1024 to 65503, got "${text}"`);
  });

  it('have the limits of what they are handed to', () => {
    expect(limits).toEqual(clusterLimits);
  });
});

describe('a forgotten -- is answered with the right command', () => {
  it('npm start 5', () => {
    expect(refusal(['5'])).toBe('cannot tell what "5" means here; write: npm start -- --nodes 5');
  });

  it('npm start --nodes 5, of which npm passes only the 5', () => {
    expect(refusal(['5'], { npm_config_nodes: 'true' })).toBe(
      'npm kept --nodes for itself: options stand behind a lone --, as in: npm start -- --nodes 5',
    );
  });

  it('npm start --nodes=5 --port=7500, of which npm passes nothing', () => {
    expect(refusal([], { npm_config_nodes: '5', npm_config_port: '7500' })).toMatch(
      /npm kept --nodes and --port for itself: .* npm start -- --nodes 5 --port 7500$/,
    );
  });

  it('npm start --nodes 5 --port 7500, of which npm passes two numbers', () => {
    const message = refusal(['5', '7500'], { npm_config_nodes: 'true', npm_config_port: 'true' });
    expect(message).toContain(`as in: ${start.usage}`);
  });

  it('npm start -- --data "my data" 5 and npm start --data="my data", which keep what was typed, quoted', () => {
    expect(refusal(['--data', 'my data', '5'])).toMatch(/write: npm start -- --nodes 5 --data 'my data'$/);
    expect(refusal(['--port', '7500'], { npm_config_data: "it's" })).toMatch(
      /as in: npm start -- --port 7500 --data 'it'\\''s'$/,
    );
  });

  it('npm start somewhere', () => {
    expect(refusal(['somewhere'])).toBe(`cannot tell what "somewhere" means here; write: ${start.usage}`);
  });

  it('npm run node, without a number, with two, and with a folder that npm kept', () => {
    expect(refusal([], {}, node)).toBe(`an argument is missing: ${node.usage}`);
    expect(refusal(['1', '2'], {}, node)).toContain('cannot tell what "1" "2" means here');
    expect(refusal(['2', 'DIR'], { npm_config_data: 'true' }, node)).toContain(`as in: ${node.usage}`);
  });
});

describe('the data folder', () => {
  it('is .data in the workspace, the one that hints need not name', () => {
    expect(readDataFolder(new Map(), {})).toEqual({ data: join(root, '.data') });
    expect(new CommandLines(join(root, '.data')).node(2)).toBe('npm run node -- 2');
  });

  it('is relative to where the command was typed', () => {
    const named = new Map([['data', 'd']]);
    expect(readDataFolder(named, { INIT_CWD: '/tmp/x' })).toEqual({ data: '/tmp/x/d' });
  });

  it('needs a name: an empty one would be the folder in which the command was typed', () => {
    const { options } = parseOptions(['--data', ''], {}, start);
    expect(() => readDataFolder(options, {})).toThrow('--data needs the name of a folder, got an empty one');
  });
});
