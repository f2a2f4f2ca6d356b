import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions, readDataFolder, readNumber } from '../options.mjs';
import { root } from './repository.ts';

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

  it.each(['three', '-1', '2.5', '', '1e3'])('are numbers, not %j', (text) => {
    const { options } = parseOptions([`--nodes=${text}`], {}, start);
    expect(() => readNumber(options, 'nodes')).toThrow(`--nodes needs a whole number, got "${text}"`);
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
  it('is .data in the workspace, and then nothing needs to be said to find it again', () => {
    expect(readDataFolder(new Map(), {})).toEqual({ data: join(root, '.data'), dataArguments: '' });
  });

  it('is relative to where the command was typed, and is found again from anywhere', () => {
    const named = new Map([['data', 'd']]);
    expect(readDataFolder(named, { INIT_CWD: '/tmp/x' })).toEqual({
      data: '/tmp/x/d',
      dataArguments: ' --data /tmp/x/d',
    });
  });

  it('is quoted for a shell where it must be', () => {
    const named = new Map([['data', "/tmp/it's mine"]]);
    expect(readDataFolder(named, {}).dataArguments).toBe(` --data '/tmp/it'\\''s mine'`);
  });
});
