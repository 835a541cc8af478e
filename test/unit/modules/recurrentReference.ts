/** Recurrent layers as loops over plain numbers, with the masks of their regularisers: nothing shared with the runtime. */

export type Matrix = readonly (readonly number[])[];

/** One layer in one direction: parameters by their PyTorch names. */
export interface ReferenceLayer {
  readonly kind: 'LSTM' | 'GRU' | 'RNN';
  readonly weights: Readonly<Record<string, Matrix>>;
  readonly biases: Readonly<Record<string, readonly number[] | undefined>>;
}

export interface Masks {
  /** By unit of h, the factor in what products read. */
  readonly hidden?: readonly number[] | undefined;
  /** By state, then time step, then unit: how much of the last value is kept. */
  readonly keep: Readonly<Record<string, readonly (readonly number[])[] | undefined>>;
}

const sigma = (x: number): number => 1 / (1 + Math.exp(-x));

type State = Record<string, number[]>;

/** Goes over one sequence, `[T, F]`, and gives h (projected where it is) after each time step. */
export function runReference(
  layer: ReferenceLayer,
  sequence: Matrix,
  initial: Readonly<Record<string, readonly number[]>>,
  masks: Masks,
): { outputs: number[][]; state: State } {
  let state: State = Object.fromEntries(Object.entries(initial).map(([k, v]) => [k, [...v]]));
  const outputs = sequence.map((x, t) => {
    const candidate = steps[layer.kind](layer, x, state, masks.hidden);
    const next = Object.entries(candidate).map(([name, values]) => {
      const keep = masks.keep[name]?.[t];
      return [
        name,
        values.map((value, i) =>
          keep ? keep[i]! * state[name]![i]! + (1 - keep[i]!) * value : value,
        ),
      ];
    });
    state = Object.fromEntries(next) as State;
    return state['h']!;
  });
  return { outputs, state };
}

type Step = (
  layer: ReferenceLayer,
  x: readonly number[],
  state: State,
  hidden: readonly number[] | undefined,
) => State;

const product = (matrix: Matrix, x: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, weight, j) => sum + weight * x[j]!, 0));

const plus = (a: readonly number[], b: readonly number[] | undefined): number[] =>
  a.map((value, i) => value + (b?.[i] ?? 0));

const dropped = (h: readonly number[], mask: readonly number[] | undefined): number[] =>
  h.map((value, i) => value * (mask?.[i] ?? 1));

const steps: Record<ReferenceLayer['kind'], Step> = {
  LSTM({ weights, biases }, x, { h, c }, hidden) {
    const a = plus(product(weights['weight_ih']!, x), biases['bias_ih']);
    const b = plus(product(weights['weight_hh']!, dropped(h!, hidden)), biases['bias_hh']);
    const n = c!.length;
    const peep = biases['weight_peephole'];
    const gate = (k: number, i: number): number => a[k * n + i]! + b[k * n + i]!;
    const next: number[] = [];
    let out: number[] = [];
    for (let i = 0; i < n; i++) {
      const inGate = sigma(gate(0, i) + (peep ? peep[i]! * c![i]! : 0));
      const forget = sigma(gate(1, i) + (peep ? peep[n + i]! * c![i]! : 0));
      next[i] = forget * c![i]! + inGate * Math.tanh(gate(2, i));
      out[i] = sigma(gate(3, i) + (peep ? peep[2 * n + i]! * next[i]! : 0)) * Math.tanh(next[i]!);
    }
    const projection = weights['weight_hr'];
    if (projection) out = product(projection, out);
    return { h: out, c: next };
  },
  GRU({ weights, biases }, x, { h }, hidden) {
    const a = plus(product(weights['weight_ih']!, x), biases['bias_ih']);
    const b = plus(product(weights['weight_hh']!, dropped(h!, hidden)), biases['bias_hh']);
    const n = h!.length;
    return {
      h: h!.map((last, i) => {
        const reset = sigma(a[i]! + b[i]!);
        const update = sigma(a[n + i]! + b[n + i]!);
        return (1 - update) * Math.tanh(a[2 * n + i]! + reset * b[2 * n + i]!) + update * last;
      }),
    };
  },
  RNN({ weights, biases }, x, { h }, hidden) {
    const a = plus(product(weights['weight_ih']!, x), biases['bias_ih']);
    const b = plus(product(weights['weight_hh']!, dropped(h!, hidden)), biases['bias_hh']);
    return { h: a.map((value, i) => Math.tanh(value + b[i]!)) };
  },
};
