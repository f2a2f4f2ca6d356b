/**
 * How the copies of a partition spread: distinct servers, and racks used evenly. Racks are used in rounds: a rack that
 * already holds a copy is skipped while another rack of the zone, with a server left, holds fewer. With at least as
 * many racks as copies no two copies share a rack; with R racks and N copies none holds more than ceil(N / R), while
 * it can.
 *
 * In the sets of servers this means: each rack gives its first `least` distinct servers of the walk, and the zone's
 * `extra` copies go to the racks whose next distinct server comes first. That holds in any order of arrival, so one
 * pass over the ring is enough.
 */
import { type Copies, zoneCounts } from './copies.ts';
import type { Server } from './server.ts';

export interface SpreadRule {
  /** Of each server: its rack and its zone; -1 if it takes no part. */
  readonly rackOf: Int32Array;
  readonly zoneOf: Int32Array;
  /** Of each rack: how many copies of each partition it holds at least. It holds at most one more. */
  readonly least: Int32Array;
  readonly rackZone: Int32Array;
  /** Of each zone: how many copies go beyond what its racks hold at least. */
  readonly extra: Int32Array;
  /** Copies of a partition, over all zones: fewer than asked for where there are fewer servers. */
  readonly length: number;
}

/** @param takesPart whether a server can be met on a walk: false for one that owns no virtual node. */
export function spreadRule(
  servers: readonly Server[],
  copies: Copies,
  takesPart: (index: number) => boolean,
): SpreadRule {
  const zones = zoneCounts(copies);
  const rackOf = new Int32Array(servers.length).fill(-1);
  const zoneOf = new Int32Array(servers.length).fill(-1);
  const names = new Map<string, number>();
  const sizes: number[] = [];
  const rackZone: number[] = [];
  servers.forEach((server, index) => {
    const zone = zones.findIndex((each) => each.dataCentre === undefined || each.dataCentre === server.dataCentre);
    if (zone < 0 || !takesPart(index)) return;
    const name = JSON.stringify(server.rack === undefined ? [server.id] : [server.dataCentre ?? null, server.rack]);
    const rack = names.get(name) ?? names.size;
    if (rack === names.size) {
      names.set(name, rack);
      sizes.push(0);
      rackZone.push(zone);
    }
    sizes[rack] = (sizes[rack] ?? 0) + 1;
    rackOf[index] = rack;
    zoneOf[index] = zone;
  });
  return rounds(
    { rackOf, zoneOf, rackZone: Int32Array.from(rackZone) },
    sizes,
    zones.map((zone) => zone.copies),
  );
}

function rounds(
  map: Pick<SpreadRule, 'rackOf' | 'zoneOf' | 'rackZone'>,
  sizes: readonly number[],
  counts: readonly number[],
): SpreadRule {
  const least = new Int32Array(sizes.length);
  const extra = new Int32Array(counts.length);
  let length = 0;
  counts.forEach((asked, zone) => {
    const inZone = sizes.map((size, rack) => (map.rackZone[rack] === zone ? size : 0));
    const copies = Math.min(asked, sum(inZone));
    const within = (round: number): number => sum(inZone.map((size) => Math.min(size, round)));
    let round = 0;
    while (round < copies && within(round + 1) <= copies) round++;
    inZone.forEach((size, rack) => {
      if (map.rackZone[rack] === zone) least[rack] = Math.min(size, round);
    });
    extra[zone] = copies - within(round);
    length += copies;
  });
  return { ...map, least, extra, length };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
