/** What the search strives for, as costs that add up. The weights were found by measuring; only their order matters. */
import type { PrimaryQuotas } from './primary-quotas.ts';

export interface Goals {
  readonly quotas: PrimaryQuotas;
  /** Copies that each server should hold, and how far from that is still good. */
  readonly ideals: Float64Array;
  readonly tolerances: Float64Array;
  /** What was before, when there is something to keep. */
  readonly before: Before | undefined;
  /** Raised while the search goes on: what a partition owned beyond the quotas costs. */
  quotaWeight: number;
  /** 1; lowered where balance cannot be had within the budget, since balance comes first. */
  movementWeight: number;
}

export interface Before {
  /** The owner before, by partition; -1 where that server has left. */
  readonly owners: Int32Array;
  /** Entry `partition * servers + server`: 1 if the server held a copy. */
  readonly held: Uint8Array;
  /** Copies that have to move in any case: those of the servers that left. */
  readonly forced: number;
  /** Of each server: 1 if copies may move to it freely, because it joined or weighs more than before. */
  readonly gains: Uint8Array;
  /** Copies that may move beyond these at little cost. */
  readonly budget: number;
}

/** A server's copies should be within 5 % of the ideal, or within 2 copies where that is more. */
export function tolerance(ideal: number): number {
  return Math.max(0.05 * ideal, 2);
}

/**
 * The share of a server's virtual nodes that should be followed, before their copies are pushed out, by another one of
 * the same server. Such a virtual node can go without taking a copy along: the slack from which joins and leaves live.
 */
export const wantedSlack = 0.4;
const slackWeight = 0.4;

/** Grows with the square of the deviation, steeply from three quarters of the tolerance on. */
function deviationCost(copies: number, ideal: number, within: number): number {
  const deviation = Math.abs(copies - ideal) / within;
  const beyond = deviation > 0.75 ? deviation - 0.75 : 0;
  return 0.5 * deviation * deviation + 40 * beyond * beyond + (deviation > 1 ? 5 : 0);
}

/** What one server costs with so many copies, partitions owned, and virtual nodes that can go without a copy moving. */
export function serverCost(goals: Goals, server: number, copies: number, owned: number, slack: number): number {
  const missingSlack = Math.max(0, wantedSlack * owned - slack);
  return (
    deviationCost(copies, goals.ideals[server] ?? 0, goals.tolerances[server] ?? 1) +
    goals.quotaWeight * quotaExcess(goals.quotas, server, owned) +
    slackWeight * missingSlack
  );
}

/** What copies cost that move beyond those that must. */
export function movementCost(goals: Goals, extra: number): number {
  const budget = goals.before?.budget ?? 0;
  if (extra <= 0) return 0;
  return goals.movementWeight * (0.7 * Math.min(extra, budget) + 4 * Math.max(0, extra - budget));
}

/** By how many partitions the server misses its quota. */
export function quotaExcess(quotas: PrimaryQuotas, server: number, owned: number): number {
  const most = quotas.most[server] ?? 0;
  const least = quotas.least[server] ?? 0;
  return owned > most ? owned - most : owned < least ? least - owned : 0;
}
