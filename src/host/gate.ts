/** A few at a time: those who find no place free wait, and get one in the order in which they came. */
export interface Gate {
  /** Runs `work` in a place of its own. */
  pass<T>(work: () => Promise<T>): Promise<T>;
}

/** @param places how many there are, at least one */
export function createGate(places: number): Gate {
  const waiting: (() => void)[] = [];
  let free = places;
  return {
    async pass(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        // A place that is handed on is never free in between.
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
