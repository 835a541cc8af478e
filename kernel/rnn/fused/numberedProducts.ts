import type { Plan, Preactivation, Product } from './plan.js';

export interface NumberedProduct {
  readonly product: Product;
  readonly sum: Preactivation;
  /** Position of the pre-activation, and of the product among all. */
  readonly k: number;
  readonly index: number;
  /** Whether it is the first to write its pre-activation, with the bias. */
  readonly isFirst: boolean;
}

/** All products in the order in which they write: those for all time steps first. */
export function numberProducts({ preactivations }: Plan): NumberedProduct[] {
  let index = 0;
  return preactivations.flatMap((sum, k) => {
    const hoisted = sum.terms.filter(({ isHoisted }) => isHoisted);
    const others = sum.terms.filter(({ isHoisted }) => !isHoisted);
    return [...hoisted, ...others].map((product, at) => ({
      product,
      sum,
      k,
      index: index++,
      isFirst: at === 0,
    }));
  });
}
