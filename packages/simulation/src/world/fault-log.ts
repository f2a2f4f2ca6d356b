/**
 * Which faults really happened. A nemesis that never hits anything passes everything, so a fault counts when it took
 * effect (a frame was lost, bytes were gone after a crash), not when it was planned.
 */
export const faultKinds = [
  'loss',
  'delay',
  'duplication',
  'reordering',
  'one-way-cut',
  'partition',
  'pause',
  'clock-skew',
  'clock-jump',
  'crash',
  'lost-bytes',
  'lost-entries',
  'torn-write',
  'restart',
  'disk-full',
  'bit-rot',
  'wipe',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultCount {
  /** How often it took effect. */
  readonly fired: number;
  /** How often while at least one client operation was under way. */
  readonly firedUnderLoad: number;
}

export class FaultLog {
  readonly #counts = new Map<FaultKind, { fired: number; firedUnderLoad: number }>();
  readonly #listeners: ((kind: FaultKind) => void)[] = [];
  readonly #operationsUnderWay: () => number;

  constructor(operationsUnderWay: () => number = () => 0) {
    this.#operationsUnderWay = operationsUnderWay;
  }

  fired(kind: FaultKind): void {
    const count = this.#counts.get(kind) ?? { fired: 0, firedUnderLoad: 0 };
    count.fired += 1;
    if (this.#operationsUnderWay() > 0) count.firedUnderLoad += 1;
    this.#counts.set(kind, count);
    for (const listener of this.#listeners) listener(kind);
  }

  onFired(listener: (kind: FaultKind) => void): void {
    this.#listeners.push(listener);
  }

  counts(): Record<FaultKind, FaultCount> {
    const entries = faultKinds.map((kind) => [kind, this.#counts.get(kind) ?? { fired: 0, firedUnderLoad: 0 }]);
    return Object.fromEntries(entries) as Record<FaultKind, FaultCount>;
  }
}
