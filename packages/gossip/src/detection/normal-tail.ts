/**
 * Phi of a silence, for arrivals that are normally distributed: phi = -log10(P(Z > z)), z being the silence in standard
 * deviations beyond the mean (Hayashibara et al. 2004, section 4.3). Computed in logarithms, so that it stays exact where the
 * probability itself is below the smallest number: phi 8 is where conviction begins, not where arithmetic ends.
 */
const logSqrtTwoPi = 0.5 * Math.log(2 * Math.PI);

/** The deviations where the power series, exact but cancelling, hands over to the continued fraction. */
const seriesLimit = 3;

/** Enough levels for full precision from {@link seriesLimit} upwards; larger z converges faster. */
const fractionDepth = 80;

/** Each step doubles the digits that are right; a handful is enough. */
const mostIterations = 30;

/** Phi after a silence of `deviations` standard deviations beyond the mean. Never negative, rises without bound. */
export function phiOfDeviations(deviations: number): number {
  if (deviations < 0) return -Math.log1p(-Math.exp(logUpperTail(-deviations))) / Math.LN10;
  return -logUpperTail(deviations) / Math.LN10;
}

/**
 * The inverse of {@link phiOfDeviations} for phi from log10(2), the phi of the mean itself, upwards. Newton's method from above:
 * phi is convex and exceeds z^2 / (2 ln 10), so each step lands between the root and the step before.
 */
export function deviationsOfPhi(phi: number): number {
  let deviations = Math.sqrt(2 * phi * Math.LN10);
  for (let iteration = 0; iteration < mostIterations; iteration += 1) {
    const tail = logUpperTail(deviations);
    const slope = Math.exp(logDensity(deviations) - tail) / Math.LN10;
    const step = (-tail / Math.LN10 - phi) / slope;
    deviations = Math.max(0, deviations - step);
    if (Math.abs(step) <= 1e-13 * deviations) break;
  }
  return deviations;
}

/** ln P(Z > z) for z >= 0. */
function logUpperTail(z: number): number {
  return z < seriesLimit ? Math.log(0.5 - centralArea(z)) : logDensity(z) - Math.log(inverseMillsRatio(z));
}

/** P(0 < Z < z) = density(z) * (z + z^3/3 + z^5/(3*5) + ...). */
function centralArea(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum * Math.exp(logDensity(z));
}

/** density(z) / P(Z > z) = z + 1/(z + 2/(z + 3/(z + ...))) (Laplace), from the innermost level outwards. */
function inverseMillsRatio(z: number): number {
  let fraction = z;
  for (let level = fractionDepth; level >= 1; level -= 1) fraction = z + level / fraction;
  return fraction;
}

function logDensity(z: number): number {
  return -0.5 * z * z - logSqrtTwoPi;
}
