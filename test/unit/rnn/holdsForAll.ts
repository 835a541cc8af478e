import fc from 'fast-check';

/** Checks a property for drawn cases; a failure says the smallest case found, and the seed. */
export function holdsForAll<T>(
  cases: fc.Arbitrary<T>,
  property: (drawn: T) => void,
  numRuns = 25,
): void {
  fc.assert(
    fc.property(cases, (drawn) => property(drawn)),
    { numRuns },
  );
}
