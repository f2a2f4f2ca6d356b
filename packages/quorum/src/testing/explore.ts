/** Exhaustive tests: every way in which a run can go, one after the other. */
import type { Choose } from './replica-model.ts';

interface Wheel {
  turned: number;
  readonly options: number;
}

/** Runs `once` with every sequence of choices there is, like an odometer whose wheels are found on the way. */
export function explore(once: (choose: Choose) => void): void {
  const wheels: Wheel[] = [];
  do {
    let used = 0;
    once((options) => {
      const wheel = (wheels[used] ??= { turned: 0, options });
      used += 1;
      return wheel.turned;
    });
  } while (turnOn(wheels));
}

/** False once every wheel has turned all the way. */
function turnOn(wheels: Wheel[]): boolean {
  for (let last = wheels.at(-1); last !== undefined; last = wheels.at(-1)) {
    last.turned += 1;
    if (last.turned < last.options) return true;
    wheels.pop();
  }
  return false;
}
