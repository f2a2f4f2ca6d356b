/** The forms in which addresses are written down: `host:port` to listen on, IP addresses and CIDR ranges to allow. */
import { isIP } from 'node:net';

/** What an option must be, to be said where it is not. */
export const addressForm = 'must have the form host:port or [host]:port';
export const addressRangeForm = 'must be an IP address or a CIDR range';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface AddressRange {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Bits that count; all of them when it is a single address. */
  readonly prefix: number;
}

/** `host:port`, the host of an IPv6 address in brackets; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity;
  return prefix > most ? undefined : { address, family: version === 6 ? 'ipv6' : 'ipv4', prefix };
}

export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined;
}

export function isAddressRange(text: string): boolean {
  return parseAddressRange(text) !== undefined;
}
