import type { Plan, Preactivation, Product } from './plan.js';

export interface NumberedProduct {
  readonly product: Product;
  readonly sum: Preactivation;
  /** Position of the pre-activation, and of the product among all. */
  readonly k: number;
  readonly index: number;
  /** Whether it is the first to write its pre-activation, with the bias. */
  readonly isFirst: boolean;
  /** The product for all time steps that comes right before it, where both can be one pass. */
  readonly before: NumberedProduct | undefined;
}

/** All products in the order in which they write: those for all time steps first. */
export function numberProducts({ preactivations }: Plan): NumberedProduct[] {
  let index = 0;
  return preactivations.flatMap((sum, k) => {
    const hoisted = sum.terms.filter(({ isHoisted }) => isHoisted);
    const others = sum.terms.filter(({ isHoisted }) => !isHoisted);
    let before: NumberedProduct | undefined;
    return [...hoisted, ...others].map((product, at) => {
      const isPair = at === 1 && hoisted.length === 1;
      const one = { product, sum, k, index: index++, isFirst: at === 0 };
      return (before = { ...one, before: isPair ? before : undefined });
    });
  });
}
