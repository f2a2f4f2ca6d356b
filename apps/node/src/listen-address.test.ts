import { describe, expect, it } from 'vitest';
import { checkedListenAddress, splitAddress } from './listen-address.ts';

describe('where a node may listen', () => {
  it.each(['127.0.0.1:7400', '127.8.9.1:1', '[::1]:7400', 'localhost:7400'])('allows %s', async (address) => {
    expect(await checkedListenAddress(address, [])).toMatchObject({ isLoopback: true });
  });

  it.each(['0.0.0.0:7400', '10.0.0.1:7400', '[::]:7400', '192.168.1.1:80', '[::ffff:10.0.0.1]:80', '[fe80::1]:7400'])(
    'refuses %s and says why',
    async (address) => {
      await expect(checkedListenAddress(address, [])).rejects.toThrow(
        /only loopback .* no authentication .*--allow-address/,
      );
    },
  );

  it('allows an address that was named, alone or in a range', async () => {
    expect(await checkedListenAddress('10.1.2.3:7400', ['10.1.0.0/16'])).toEqual({
      host: '10.1.2.3',
      port: 7400,
      isLoopback: false,
    });
    expect(await checkedListenAddress('[fd00::7]:7400', ['fd00::7'])).toMatchObject({ host: 'fd00::7' });
    await expect(checkedListenAddress('10.2.2.3:7400', ['10.1.0.0/16'])).rejects.toThrow(/only loopback/);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/x', 'example', '10.0.0.0/8/8x'])('refuses %s as a range', async (range) => {
    await expect(checkedListenAddress('10.0.0.1:80', [range])).rejects.toThrow(/must be an IP address or a CIDR range/);
  });

  it.each(['127.0.0.1', ':7400', '127.0.0.1:99999', '::1:7400', 'a b:1'])('refuses %s as an address', (address) => {
    expect(() => splitAddress(address)).toThrow(/host:port/);
  });

  it('says which host name it cannot resolve', async () => {
    await expect(checkedListenAddress('no-such-host.invalid:1', [])).rejects.toThrow(/no-such-host.invalid/);
  });
});
