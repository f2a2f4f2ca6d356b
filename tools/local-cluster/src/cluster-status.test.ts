import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fetchStatus, findDoubt, type MemberStatus, parseStatus } from './cluster-status.ts';

const one: MemberStatus = { id: 'a', name: 'node-1', address: '127.0.0.1:1', state: 'alive', share: 0.5 };
const two: MemberStatus = { id: 'b', name: 'node-2', address: '127.0.0.1:2', state: 'alive', share: 0.5 };

describe('a status document', () => {
  it('is read with fields beyond ours ignored', () => {
    expect(parseStatus({ epoch: 1, members: [{ ...one, rack: 'r' }] })).toEqual([one]);
  });

  it.each([null, 3, {}, { members: {} }, { members: [null] }, { members: [{ ...one, state: 'up' }] }])(
    'is refused when it is %j',
    (document) => {
      expect(parseStatus(document)).toBeUndefined();
    },
  );

  it('is undefined from an address that answers an error, no JSON, or nothing', async () => {
    const answers = [
      { code: 503, body: JSON.stringify({ members: [one] }) },
      { code: 200, body: 'hello' },
    ];
    const server = createServer((_request, response) => {
      const answer = answers.shift();
      if (answer !== undefined) response.writeHead(answer.code).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await fetchStatus(address)).toBeUndefined();
    expect(await fetchStatus(address)).toBeUndefined();
    expect(await fetchStatus(address, 50)).toBeUndefined();
    server.closeAllConnections();
    server.close();
  });
});

describe('a cluster is whole', () => {
  it('when every node sees every member alive', () => {
    const both = [one, two];
    expect(
      findDoubt(
        both,
        new Map([
          ['a', both],
          ['b', both],
        ]),
      ),
    ).toBeUndefined();
  });

  it('but not while one node is silent, suspects another, or has not heard of it', () => {
    const both = [one, two];
    const suspecting: MemberStatus[] = [{ ...one, state: 'suspect' }, two];
    expect(
      findDoubt(
        both,
        new Map([
          ['a', both],
          ['b', undefined],
        ]),
      ),
    ).toBe('node-2 does not answer');
    expect(
      findDoubt(
        both,
        new Map([
          ['a', both],
          ['b', suspecting],
        ]),
      ),
    ).toBe('node-2 sees node-1 suspect');
    expect(
      findDoubt(
        both,
        new Map([
          ['a', [one]],
          ['b', both],
        ]),
      ),
    ).toBe('node-1 sees node-2 nowhere');
  });
});
