import fc from 'fast-check';

/** Where the cases of this run begin; printed with any failure. UNROLL_TEST_SEED repeats a run. */
const seed = Number(process.env['UNROLL_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Checks a property for drawn cases; a failure says the smallest case found, and the seed. */
export function holdsForAll<T>(
  cases: fc.Arbitrary<T>,
  property: (drawn: T) => void,
  numRuns = 25,
): void {
  fc.assert(
    fc.property(cases, (drawn) => property(drawn)),
    { seed, numRuns },
  );
}
