import { valueNames } from '../cell/program.js';
import type { ParameterRows, Plan, Product } from './plan.js';

/** The plan as text: what runs once for all time steps, and what at each, in order. */
export function printPlan(plan: Plan): string {
  const names = valueNames(plan.program);
  const show = ({ operand, weight, bias }: Product): string => {
    const rows = ({ parameter, start, rows: count }: ParameterRows): string => {
      const { name, shape } = plan.program.parameters[parameter]!;
      return count === shape[0] ? name : `${name}[${start}:${start + count}]`;
    };
    return `${rows(weight)}·${names[operand]!}${bias ? ` + ${rows(bias)}` : ''}`;
  };
  const lines = [`plan of ${plan.program.name}`, '  for all time steps'];
  for (const { node, terms } of plan.preactivations)
    for (const term of terms.filter(({ isHoisted }) => isHoisted))
      lines.push(`    ${names[node]!} += ${show(term)}`);
  lines.push('  at each time step');
  for (let level = 0; level < plan.levels; level++) {
    for (const { node, terms } of plan.preactivations.filter((one) => one.level === level))
      for (const term of terms.filter(({ isHoisted }) => !isHoisted))
        lines.push(`    ${names[node]!} += ${show(term)}`);
    for (const { node, operand } of plan.normalisations.filter((one) => one.level === level))
      lines.push(`    ${names[node]!} = layerNorm(${names[operand]!})`);
    for (const { stores, width } of plan.groups.filter((one) => one.level === level))
      lines.push(`    loop over ${width}: ${stores.map(({ node }) => names[node]!).join(', ')}`);
  }
  return lines.join('\n');
}
