/** Where a cluster is: `kv://host:port,host:port?timeout=500ms`, or the same as an object. */
import { KvError } from './errors.ts';
import { isTimeout } from './options.ts';

export interface ConnectOptions {
  /** `host:port` of some nodes; the others are learnt from them. A missing port is 7400. */
  readonly nodes: readonly string[];
  /** Deadline of each request that does not name its own, in milliseconds, 1 to 2^31-1. Default 5000. */
  readonly timeoutMs?: number;
}

export interface Target {
  readonly nodes: readonly string[];
  readonly timeoutMs: number;
}

const defaultPort = 7400;
const defaultTimeoutMs = 5000;
const form = /^kv:\/\/([^/?#]+)\/?(?:\?timeout=(\d+)(?:ms)?)?$/;

/** @throws KvError INVALID_TARGET */
export function parseTarget(target: string | ConnectOptions): Target {
  if (typeof target !== 'string') return checkedTarget(target.nodes, target.timeoutMs);
  const match = form.exec(target);
  if (match === null) {
    throw invalid(`a cluster is named like kv://127.0.0.1:7400,127.0.0.1:7401?timeout=500ms, got ${quote(target)}`);
  }
  return checkedTarget((match[1] ?? '').split(','), match[2] === undefined ? undefined : Number(match[2]));
}

/** @throws KvError INVALID_TARGET */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]\s]+)\]|([^:\s[\]]+))(?::(\d{1,5}))?$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) {
    throw invalid(`a node's address has the form host:port or [host]:port, got ${quote(address)}`);
  }
  return { host, port };
}

function checkedTarget(nodes: readonly string[], timeoutMs: number = defaultTimeoutMs): Target {
  if (nodes.length === 0) throw invalid('needed the address of at least one node, got none');
  if (!isTimeout(timeoutMs)) throw invalid(`a timeout is 1 to 2^31-1 ms, got ${timeoutMs}`);
  const addresses = nodes.map((node) => {
    const { host, port } = splitAddress(node.trim());
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  });
  return { nodes: [...new Set(addresses)], timeoutMs };
}

function invalid(message: string): KvError {
  return new KvError('INVALID_TARGET', message);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
