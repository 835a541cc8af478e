import { StateDictError } from '../errors.js';
import { sameShape, showShape, type NumberArray } from '../ndarray.js';
import { Tensor } from '../tensor.js';

/** Everything that an optimiser knows beside the parameters, as plain data: numbers, arrays and tensors. */
export interface OptimizerState {
  /** The optimiser's class. */
  kind: string;
  /** The settings of each group: `lr`, … */
  groups: Record<string, unknown>[];
  /** For each parameter, how often it was updated. */
  steps: number[];
  /** By name, for each parameter: its moments. */
  moments: Record<string, Tensor[]>;
}

/** The parts of an optimiser that a state is taken from and put back into. */
export interface OptimizerParts {
  readonly kind: string;
  readonly parameters: readonly Tensor[];
  readonly groups: readonly object[];
  readonly steps: number[];
  readonly moments: ReadonlyMap<string, readonly NumberArray[]>;
}

/** Copies, so that later steps do not change them. */
export function takeState({
  kind,
  parameters,
  groups,
  steps,
  moments,
}: OptimizerParts): OptimizerState {
  return {
    kind,
    groups: groups.map(settingsOf),
    steps: [...steps],
    moments: Object.fromEntries(
      [...moments].map(([name, arrays]) => [
        name,
        arrays.map((data, k) => new Tensor(data.slice(), parameters[k]!.shape)),
      ]),
    ),
  };
}

/** @throws StateDictError that lists what does not fit; nothing is changed then */
export function putState(parts: OptimizerParts, state: OptimizerState): void {
  const problems = [...misfits(parts, state)];
  if (problems.length > 0)
    throw new StateDictError(`${parts.kind}.loadState: ${problems.join('; ')}`);
  parts.groups.forEach((group, g) => Object.assign(group, settingsOf(state.groups[g]!)));
  state.steps.forEach((count, k) => (parts.steps[k] = count));
  for (const [name, arrays] of parts.moments)
    arrays.forEach((data, k) => data.set(state.moments[name]![k]!.data));
}

function* misfits(parts: OptimizerParts, state: OptimizerState): Generator<string> {
  const { kind, parameters, groups, moments } = parts;
  if (state.kind !== kind) yield `the state is of ${state.kind}`;
  if (state.groups.length !== groups.length)
    yield `got ${state.groups.length} groups, expected ${groups.length}`;
  if (state.steps.length !== parameters.length)
    yield `got ${state.steps.length} parameters, expected ${parameters.length}`;
  for (const name of moments.keys()) {
    const given = state.moments[name] ?? [];
    for (const [k, { shape }] of parameters.entries()) {
      const moment = given[k];
      if (!moment) yield `moment '${name}' of parameter ${k} is missing`;
      else if (!sameShape(moment.shape, shape))
        yield `moment '${name}' of parameter ${k} is ${showShape(moment.shape)}, expected ${showShape(shape)}`;
    }
  }
}

/** A group's settings without its parameters, arrays copied. */
const settingsOf = (group: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(group)
      .filter(([name]) => name !== 'params')
      .map(([name, value]: [string, unknown]) => [
        name,
        Array.isArray(value) ? [...(value as unknown[])] : value,
      ]),
  );
