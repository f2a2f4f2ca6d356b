/**
 * Where a node may listen. There is no authentication yet, so anything but the loopback interface is refused, except
 * for addresses that an operator of a closed test network names one by one.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { type Address, addressForm, addressRangeForm, parseAddress, parseAddressRange } from './address-forms.ts';
import { ConfigError } from './config.ts';
import { StartError } from './start-error.ts';

export interface ListenAddress {
  /** An IP address, so that what was checked is what gets bound. */
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
}

/**
 * @param address `host:port`, the host of an IPv6 address in brackets
 * @param allowed addresses and CIDR ranges beside loopback
 * @throws StartError when the address may not be listened on, saying why
 * @throws ConfigError when it, or what is allowed, is no address
 */
export async function checkedListenAddress(address: string, allowed: readonly string[]): Promise<ListenAddress> {
  const { host: name, port } = splitAddress(address);
  const host = isIP(name) === 0 ? await resolve(name) : name;
  const isLoopback = loopback.check(host, familyOf(host));
  if (!isLoopback && !listOf(allowed).check(host, familyOf(host))) {
    throw new StartError(
      'ADDRESS_REFUSED',
      `will not listen on ${address}: only loopback addresses (127.0.0.0/8, ::1) are allowed, because there is no ` +
        'authentication or encryption yet; on a closed test network, name the address with --allow-address',
    );
  }
  return { host, port, isLoopback };
}

/** @throws ConfigError when the text is not `host:port` */
export function splitAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new ConfigError([`an address ${addressForm}, got ${JSON.stringify(text)}`]);
  return address;
}

const loopback = listOf(['127.0.0.0/8', '::1']);

function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const range = parseAddressRange(entry);
    if (range === undefined) throw new ConfigError([`--allow-address ${addressRangeForm}, got ${entry}`]);
    list.addSubnet(range.address, range.prefix, range.family);
  }
  return list;
}

async function resolve(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (error) {
    throw new StartError('ADDRESS_UNAVAILABLE', `cannot resolve the host name ${name}`, { cause: error });
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
