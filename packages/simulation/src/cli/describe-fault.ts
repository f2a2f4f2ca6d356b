/**
 * A planned fault in one line that a person can read at a glance. It rounds and sums up; the JSON report has the plan to
 * the last digit, and the seed has it anyway.
 */
import type { Direction, FaultEpisode } from '../scenario/fault-plan.ts';

/** Directions and machines that are named one by one; of more it is said what they have in common. */
const namedAtMost = 4;

/** `partition, 6399 to 7776 ms: between node-1 and node-2, node-3; strikeAfterMs 19.3`. */
export function describeFault(episode: FaultEpisode): string {
  const { kind, at, until, ...more } = episode;
  const time = until > at ? `${Math.round(at)} to ${Math.round(until)} ms` : `${Math.round(at)} ms`;
  const details = Object.entries(more)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => describeDetail(name, value))
    .sort((a, b) => Number(b.isPlace) - Number(a.isPlace));
  const words = details.map(({ text }) => text).join('; ');
  return `${kind}, ${time}${words === '' ? '' : `: ${words}`}`;
}

function describeDetail(name: string, value: unknown): { readonly text: string; readonly isPlace: boolean } {
  if (name === 'pairs' || name === 'links') {
    return { text: describeDirections(value as readonly Direction[]), isPlace: true };
  }
  if (name === 'machine') return { text: String(value), isPlace: true };
  if (name === 'machines') return { text: listed(value as readonly string[]), isPlace: true };
  return { text: `${name} ${describeValue(value)}`, isPlace: false };
}

function describeValue(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(3)));
  if (Array.isArray(value)) return listed(value.map(String));
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) => `${name} ${describeValue(part)}`)
    .join(' ');
}

/** Names a few directions one by one, of many what they have in common, else only how many there are. */
export function describeDirections(all: readonly Direction[]): string {
  const [first, ...others] = [...new Map(all.map((direction) => [direction.join('>'), direction])).values()];
  if (first === undefined) return 'no direction';
  const directions = [first, ...others];
  const sides = sidesOf(directions, first);
  if (sides !== undefined) return `between ${sides.map(listed).join(' and ')}`;
  if (directions.length <= namedAtMost) return directions.map(([from, to]) => `${from} → ${to}`).join(', ');
  const count = `${directions.length} directions`;
  if (directions.every(([from]) => from === first[0])) return `all from ${first[0]} (${count})`;
  if (directions.every(([, to]) => to === first[1])) return `all to ${first[1]} (${count})`;
  return count;
}

/** The two sides, where the directions are all those between two sets of machines, both ways. */
function sidesOf(directions: readonly Direction[], [one, other]: Direction): [string[], string[]] | undefined {
  const facing = (machine: string): string[] => directions.filter(([from]) => from === machine).map(([, to]) => to);
  const [near, far] = [new Set(facing(other)), new Set(facing(one))];
  const crosses = directions.every(([from, to]) => (near.has(from) && far.has(to)) || (far.has(from) && near.has(to)));
  if (!crosses || directions.length !== 2 * near.size * far.size) return undefined;
  return [[...near].sort(), [...far].sort()];
}

function listed(names: readonly string[]): string {
  if (names.length <= namedAtMost) return names.join(', ');
  return `${names.slice(0, namedAtMost - 1).join(', ')} and ${names.length - namedAtMost + 1} more`;
}
