import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, configSchema, helpText, optionRows, readConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'kv-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const member = { id: '00000000-0000-4000-8000-000000000001', name: 'node-1', address: '127.0.0.1:7400' };
const topology = fileWith(
  'topology.json',
  JSON.stringify({
    clusterId: '11111111-1111-4111-8111-111111111111',
    partitions: 64,
    members: [member],
    keyspaces: [{ id: 1, name: 'default', replicas: 1 }],
  }),
);
const needed = ['--topology', topology, '--node', 'node-1', '--data', 'd'];

function faultsOf(args: readonly string[], environment: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    readConfig(args, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

function fileWith(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the configuration', () => {
  it('needs topology, node and data, and has a default for the rest', () => {
    expect(readConfig(needed, {})).toEqual({
      topology,
      node: 'node-1',
      data: 'd',
      create: false,
      allowAddress: [],
      memoryBudget: 256,
      requestBudget: 64,
      logLevel: 'info',
    });
  });

  it.each([
    ['--create', { create: true }],
    ['--create=false', { create: false }],
    ['--log-level=debug', { logLevel: 'debug' }],
    ['--listen=127.0.0.1:0', { listen: '127.0.0.1:0' }],
    ['--log-file=node.log', { logFile: 'node.log' }],
    ['--memory-budget=1024', { memoryBudget: 1024 }],
    ['--request-budget=16', { requestBudget: 16 }],
    ['--allow-address=10.0.0.0/8, 192.168.7.1', { allowAddress: ['10.0.0.0/8', '192.168.7.1'] }],
  ])('reads %s', (flag, expected) => {
    expect(readConfig([...needed, flag], {})).toMatchObject(expected);
  });

  it('collects a list from repeated flags', () => {
    const args = [...needed, '--allow-address', '10.1.0.1', '--allow-address', '10.1.0.2'];
    expect(readConfig(args, {})).toMatchObject({ allowAddress: ['10.1.0.1', '10.1.0.2'] });
  });

  it('prefers flags to variables, and those to the file', () => {
    const file = fileWith(
      'all.yaml',
      `node: node-1\ndata: from-file\nlogFile: from-file\ntopology: ${topology}\nlogLevel: warn\n`,
    );
    const environment = { KV_CONFIG: file, KV_LOG_FILE: 'from-variable', KV_DATA: 'from-variable' };
    expect(readConfig(['--data', 'from-flag'], environment)).toMatchObject({
      topology,
      node: 'node-1',
      logFile: 'from-variable',
      data: 'from-flag',
      logLevel: 'warn',
    });
  });

  it('reads a JSON file as well', () => {
    const file = fileWith(
      'all.json',
      JSON.stringify({ topology, node: 'node-1', data: 'd', allowAddress: ['10.0.0.1'], create: true }),
    );
    expect(readConfig(['--config', file], {})).toMatchObject({ create: true, allowAddress: ['10.0.0.1'] });
  });

  it('reads switches and lists from variables', () => {
    const environment = {
      KV_TOPOLOGY: topology,
      KV_NODE: 'node-1',
      KV_DATA: 'd',
      KV_CREATE: 'true',
      KV_ALLOW_ADDRESS: '10.0.0.1',
    };
    expect(readConfig([], environment)).toMatchObject({ create: true, allowAddress: ['10.0.0.1'] });
  });

  it('tells every fault at once, whichever way it came', () => {
    const file = fileWith('wrong.yaml', 'logLevel: loud\nunknownThing: 1\n');
    const faults = faultsOf(['--config', file, '--frobnicate', '--data'], { KV_CREATE: 'perhaps' });
    expect(faults).toEqual([
      'there is no option "--frobnicate"',
      '--data needs a value',
      '--topology (KV_TOPOLOGY) is required',
      '--node (KV_NODE) is required',
      '--data (KV_DATA) is required',
      '--create (KV_CREATE) must be true or false',
      '--log-level (KV_LOG_LEVEL) must be one of trace, debug, info, warn, error, fatal, silent',
      'there is no option unknownThing',
    ]);
  });

  it('tells with them what is wrong with the forms of addresses and with the topology', () => {
    const args = ['--topology', '/no/such/file', '--node', 'node-1', '--listen', 'somewhere', '--log-level', 'loud'];
    expect(faultsOf([...args, '--allow-address', '10.0.0.0/8,10.0.0.0/33,example'])).toEqual([
      expect.stringMatching(
        /^--topology \(KV_TOPOLOGY\) is not usable: cannot read the topology file \/no\/such\/file: ENOENT/,
      ),
      '--data (KV_DATA) is required',
      '--listen (KV_LISTEN) must have the form host:port or [host]:port, got "somewhere"',
      '--allow-address (KV_ALLOW_ADDRESS) must be an IP address or a CIDR range, got "10.0.0.0/33"',
      '--allow-address (KV_ALLOW_ADDRESS) must be an IP address or a CIDR range, got "example"',
      '--log-level (KV_LOG_LEVEL) must be one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });

  it('tells every fault of the topology file, of its form or of its sense', () => {
    const shapeless = fileWith('shapeless.json', '{"clusterId":1,"partitions":"many","members":[]}');
    const form = faultsOf(['--topology', shapeless, '--node', 'node-1', '--data', 'd']).join('\n');
    for (const fault of ['clusterId', 'partitions', 'keyspaces']) expect(form).toContain(`${shapeless}: ${fault}`);
    const absurd = fileWith(
      'absurd.json',
      JSON.stringify({ clusterId: 'c', partitions: 7, members: [member, member], keyspaces: [] }),
    );
    const sense = faultsOf(['--topology', absurd, '--node', 'node-1', '--data', 'd', '--listen', 'x']).join('\n');
    for (const fault of ['power of two', 'two members with the id', 'at least one keyspace', '--listen']) {
      expect(sense).toContain(fault);
    }
  });

  it('tells that the topology has no such member, whatever else is wrong', () => {
    expect(faultsOf(['--topology', topology, '--node', 'node-9', '--listen', 'x'])).toEqual([
      '--data (KV_DATA) is required',
      '--listen (KV_LISTEN) must have the form host:port or [host]:port, got "x"',
      '--node (KV_NODE) names no member of the topology: there is node-1',
    ]);
  });

  it('says which file it could not read', () => {
    expect(faultsOf([...needed, '--config', '/no/such/file.yaml'])[0]).toMatch(
      /^cannot read \/no\/such\/file.yaml: ENOENT/,
    );
    expect(faultsOf([...needed, '--config', fileWith('list.yaml', '- 1\n')])[0]).toMatch(/must hold an object/);
    expect(faultsOf([...needed, '--config', fileWith('bad.yaml', 'a: [1\n')])[0]).toMatch(/^cannot read .*bad.yaml/);
  });

  it('refuses positional arguments and an empty text', () => {
    expect(faultsOf([...needed, 'start'])).toEqual(['there is no option "start"']);
    expect(faultsOf(['--topology=', '--node', 'node-1', '--data', 'd'])).toEqual([
      '--topology (KV_TOPOLOGY) must not be empty',
    ]);
  });

  it('asks for help before anything else is looked at', () => {
    expect(readConfig(['--nonsense', '--help'], {})).toBe('help');
  });

  it('prints every option with its variable and its default', () => {
    const help = helpText();
    for (const { flag, variable } of optionRows()) {
      expect(help).toContain(flag);
      expect(help).toContain(`[${variable}]`);
    }
    expect(help).toContain('(default info)');
  });

  it('has no option that could change how the cluster decides', () => {
    expect(Object.keys(configSchema.shape).sort()).toEqual([
      'allowAddress',
      'create',
      'data',
      'listen',
      'logFile',
      'logLevel',
      'memoryBudget',
      'node',
      'requestBudget',
      'topology',
    ]);
  });
});
