import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviationsOfPhi, phiOfDeviations } from './normal-tail.ts';

/** -log10(erfc(z / sqrt 2) / 2), computed with 40 digits by mpmath. */
const reference: readonly (readonly [deviations: number, phi: number])[] = [
  [-6, 4.284695703651578e-10],
  [-3, 0.0005866493137900667],
  [-1, 0.07502601295781802],
  [0, 0.3010299956639812],
  [0.5, 0.5106919892652407],
  [1, 0.7995455414919705],
  [2, 1.643016080140937],
  [2.9, 2.7291318153963524],
  [3, 2.869699035929369],
  [3.1, 3.0143026981019267],
  [4, 4.499334907556479],
  [5, 6.5426456723906545],
  [6, 9.005864327476704],
  [8, 15.206142551017155],
  [10, 23.118053405486076],
  [20, 88.56009534307559],
  // Here the probability itself is 5.7e-300: next to nothing can be represented below it.
  [37, 299.24218117860994],
];

/** The standard normal's quantiles at 1 - 10^-phi, from Python's statistics.NormalDist. */
const quantiles: readonly (readonly [phi: number, deviations: number])[] = [
  [1, 1.2815515655446008],
  [2, 2.3263478740408408],
  [3, 3.090232306167813],
  [5, 4.2648907939228256],
  [8, 5.61200124417479],
  [10, 6.361340902404056],
  [12, 7.034483825301132],
];

describe('phi of a normally distributed arrival (Hayashibara 2004, section 4.3)', () => {
  it.each(reference)('at %f deviations is %f', (deviations, phi) => {
    expect(Math.abs(phiOfDeviations(deviations) / phi - 1)).toBeLessThan(1e-12);
  });

  it.each(quantiles)('of %f is reached at %f deviations', (phi, deviations) => {
    expect(deviationsOfPhi(phi)).toBeCloseTo(deviations, 11);
  });

  it('never falls as the silence grows, across the seam of its two formulas too', () => {
    const deviations = fc.oneof(
      fc.double({ min: -40, max: 400, noNaN: true }),
      fc.double({ min: 2.9, max: 3.1, noNaN: true }),
    );
    fc.assert(
      fc.property(deviations, fc.double({ min: 1e-9, max: 10, noNaN: true }), (at, more) => {
        const phi = phiOfDeviations(at);
        expect(phi).toBeGreaterThanOrEqual(0);
        expect(phiOfDeviations(at + more)).toBeGreaterThanOrEqual(phi);
      }),
    );
  });

  it('is undone by its inverse', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.302, max: 300, noNaN: true }), (phi) => {
        expect(phiOfDeviations(deviationsOfPhi(phi))).toBeCloseTo(phi, 9);
      }),
    );
  });
});
