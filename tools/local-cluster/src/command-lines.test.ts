import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CommandLines, defaultDataFolder, shellWord } from './command-lines.ts';

describe('the command of a hint', () => {
  it('says nothing of what is so by default', () => {
    const commands = new CommandLines(defaultDataFolder);
    expect(commands.start()).toBe('npm start');
    expect(commands.node(2)).toBe('npm run node -- 2');
  });

  it('keeps the number of nodes, the port and the data folder that were asked for', () => {
    const commands = new CommandLines('/tmp/x', { nodes: 5, port: 7800 });
    expect(commands.start()).toBe('npm start -- --nodes 5 --port 7800 --data /tmp/x');
    expect(commands.node(3)).toBe('npm run node -- 3 --data /tmp/x');
    expect(commands.startElsewhere()).toBe('npm start -- --nodes 5 --port 7800 --data DIR');
  });

  it('changes what it says to change and nothing else', () => {
    const commands = new CommandLines('/tmp/x', { nodes: 5, port: 7800 });
    expect(commands.start({ port: 9000 })).toBe('npm start -- --nodes 5 --port 9000 --data /tmp/x');
    expect(commands.start({ nodes: undefined })).toBe('npm start -- --port 7800 --data /tmp/x');
    expect(new CommandLines('/tmp/x', { port: 'free' }).start()).toBe('npm start -- --data /tmp/x');
  });

  it.each(['/tmp/my data', "/tmp/it's $HOME", '/tmp/*', '/tmp/a;b', '/tmp/größe', '/tmp/plain-1.2_3'])(
    'is read by a shell as it was meant, with %s in it',
    (data) => {
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(data)}`], { encoding: 'utf8' })).toBe(data);
      expect(new CommandLines(data).node(1)).toBe(`npm run node -- 1 --data ${shellWord(data)}`);
    },
  );
});
