/**
 * A client that scans a keyspace, page after page, each page from another node if need be; again and again, as long as it may. A page that fails is asked for again from where the last one ended.
 */
import {
  copyBytes,
  decodeFrame,
  encodeFrame,
  type Message,
  type ScanBounds,
  type ScanReply,
  versionOfMeta,
} from '@kv/wire';
import type { KeyBounds, ScannedRecord, ScanRecord } from '../history.ts';
import type { Machine } from '../world/machine.ts';
import type { Endpoint } from '../world/network/endpoint.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { VirtualTimer, VirtualTimers } from '../world/timers.ts';
import type { World } from '../world/world.ts';
import { clientHello } from './client-hello.ts';
import { fingerprint } from './fingerprint.ts';
import { encodeHello, packFrame, unpackFrame } from './greeted-frame.ts';

export interface ScanClientConfig {
  /** Addresses of the nodes. */
  readonly nodes: readonly string[];
  readonly keyspaceId: number;
  /** Owners of each partition that must answer. */
  readonly r: number;
  /** Entries of a page at most. */
  readonly limit: number;
  /** Milliseconds after which it asks another node for the page. */
  readonly tryTimeoutMs: number;
  /** Mean pause between scans, and before a page is asked for again. */
  readonly pauseMs: number;
  readonly random: SeededRandom;
  /** Of the next scan. */
  readonly drawBounds: () => KeyBounds;
}

export class ScanClient {
  readonly scans: ScanRecord[] = [];
  readonly #world: World;
  readonly #config: ScanClientConfig;
  readonly #endpoint: Endpoint;
  readonly #timers: VirtualTimers;
  readonly #hello: Uint8Array;
  readonly #name: string;
  #running = true;
  #startedAt = 0;
  #bounds: KeyBounds = { prefix: '' };
  #found: ScannedRecord[] = [];
  #cursor: Uint8Array | undefined;
  #asked = 0;
  #timeout: VirtualTimer | undefined;

  constructor(world: World, machine: Machine, config: ScanClientConfig) {
    this.#world = world;
    this.#config = config;
    this.#name = machine.name;
    machine.start();
    this.#timers = machine.timers();
    this.#hello = encodeHello(clientHello(config.random));
    this.#endpoint = machine.listen(machine.name, {
      receive: (_from, packed) => this.#receive(unpackFrame(packed).frame),
      linkLost: () => undefined,
    });
  }

  begin(): void {
    this.#scanLater();
  }

  /** The scan under way is not finished. */
  stop(): void {
    this.#running = false;
    this.#timeout?.cancel();
  }

  #scanLater(): void {
    const { random, pauseMs } = this.#config;
    this.#timers.set(random.exponential(pauseMs), () => {
      this.#startedAt = this.#world.now;
      this.#bounds = this.#config.drawBounds();
      this.#found = [];
      this.#cursor = undefined;
      this.#ask();
    });
  }

  #ask(): void {
    if (!this.#running) return;
    const { random, nodes, keyspaceId, r, limit, tryTimeoutMs } = this.#config;
    this.#asked += 1;
    this.#timeout?.cancel();
    this.#timeout = this.#timers.set(tryTimeoutMs, () => this.#ask());
    const deadlineMs = Math.ceil(tryTimeoutMs * 0.8);
    const header = { operationId: this.#asked, epoch: 1, keyspaceId, deadlineMs, stamp: { ms: 0, counter: 0 } };
    const from = this.#cursor === undefined ? {} : { cursor: this.#cursor };
    const request: Message = { type: 'scan', ...bytesOf(this.#bounds), limit, values: true, r, ...from };
    this.#world.network.send(this.#endpoint, random.pick(nodes), packFrame(this.#hello, encodeFrame(header, request)));
  }

  #receive(bytes: Uint8Array): void {
    const { header, message } = decodeFrame(bytes);
    if (!this.#running || header.operationId !== this.#asked) return;
    this.#asked += 1;
    this.#timeout?.cancel();
    const { random, pauseMs } = this.#config;
    if (message.type === 'scan-reply') this.#take(message);
    else this.#timeout = this.#timers.set(random.between(1, pauseMs), () => this.#ask());
  }

  #take({ entries, cursor }: ScanReply): void {
    for (const { key, meta, value } of entries) {
      const version = versionOfMeta(meta);
      const held = value === undefined ? '' : fingerprint(value);
      this.#found.push({ key: new TextDecoder().decode(key), version, value: held });
    }
    this.#cursor = cursor && copyBytes(cursor);
    if (cursor === undefined) this.#end();
    else this.#ask();
  }

  #end(): void {
    const { keyspaceId, r } = this.#config;
    const id = `${this.#name}-${this.scans.length + 1}`;
    this.#world.trace.record(this.#world.now, 'answer', `${id} scanned ${this.#found.length}`);
    const times = { startedAt: this.#startedAt, endedAt: this.#world.now };
    this.scans.push({ id, keyspaceId, bounds: this.#bounds, r, ...times, found: this.#found });
    this.#scanLater();
  }
}

function bytesOf({ prefix, gte, lt }: KeyBounds): ScanBounds {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    prefix: encode(prefix),
    ...(gte !== undefined && { gte: encode(gte) }),
    ...(lt !== undefined && { lt: encode(lt) }),
  };
}
