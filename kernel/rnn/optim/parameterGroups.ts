import { OptionError } from '../errors.js';
import { checkOptions, type Check } from '../options.js';
import { Tensor } from '../tensor.js';

/** What every optimiser has for each group of parameters. */
export interface GroupSettings {
  /** Learning rate; may be changed between steps. */
  lr: number;
}

/** Parameters with settings of their own; what is left out is as for the whole optimiser. */
export type GroupOptions<Settings extends GroupSettings> = {
  /** The group's parameters. */
  params: Iterable<Tensor>;
} & Partial<Settings>;

/** Parameters in one group, or in several. */
export type OptimizerParameters<Settings extends GroupSettings = GroupSettings> =
  Iterable<Tensor> | Iterable<GroupOptions<Settings>>;

/** A group as an optimiser keeps it: all its settings. */
export type ParameterGroup<Settings extends GroupSettings> = Settings & {
  readonly params: readonly Tensor[];
};

/** What settings an optimiser has: what they are where nothing is said, and what they may be. */
export interface SettingsSpec<Settings extends GroupSettings> {
  /** Without a setting that must be given. */
  readonly defaults: Partial<Settings>;
  readonly checks: Readonly<Record<keyof Settings & string, Check>>;
}

/**
 * Completes groups with the optimiser's own options and its defaults. An option that is undefined counts as left out.
 * @throws OptionError for an unknown option or one out of range, if there is no parameter to train, or one twice
 */
export function toGroups<Settings extends GroupSettings>(
  owner: string,
  parameters: OptimizerParameters<Settings>,
  options: Partial<Settings>,
  { defaults, checks }: SettingsSpec<Settings>,
): ParameterGroup<Settings>[] {
  const common = { ...defaults, ...defined(options) };
  const entries: readonly unknown[] = [...parameters];
  const areGroups = entries.length > 0 && entries.every(isGroup);
  const groups = areGroups ? entries : [{ params: entries }];
  const completed = groups.map(({ params, ...settings }, g) => {
    const own = { ...common, ...defined(settings) };
    checkOptions(areGroups ? `${owner}, group ${g}` : owner, own, checks);
    return { ...own, params: [...params] as readonly Tensor[] };
  });
  checkParameters(
    owner,
    completed.flatMap(({ params }) => params),
  );
  return completed as unknown as ParameterGroup<Settings>[];
}

const isGroup = (entry: unknown): entry is { params: Iterable<unknown> } =>
  !(entry instanceof Tensor) && typeof entry === 'object' && entry !== null && 'params' in entry;

const defined = (settings: object): object =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

/** Frozen parameters may be among them: they get no gradient, and are passed over until they do. */
function checkParameters(owner: string, parameters: readonly unknown[]): void {
  if (parameters.length === 0)
    throw new OptionError(`${owner}: expected at least one parameter, got none`);
  if (!parameters.every((one) => one instanceof Tensor))
    throw new OptionError(`${owner}: expected parameters, or groups { params, … }`);
  if (!parameters.some((one) => one.requiresGrad))
    throw new OptionError(`${owner}: expected parameters that require gradients`);
  if (new Set(parameters).size < parameters.length)
    throw new OptionError(`${owner}: expected each parameter once, got one twice`);
}
