import type { TraceData } from '../../kernel/contract/trace.js';
import { plainButton } from '../controls.js';
import { type TableData, dataTable } from '../dataTable.js';
import { element } from '../element.js';
import { formatValue } from '../format.js';

/** Findings with a way to where they are, checks of the trace, and what the picture leaves out. */
export function verdictElement(
  trace: TraceData,
  goTo: (place: { layer?: number | undefined; t: number }) => void,
): HTMLElement {
  const findings = trace.verdict.findings.map(({ kind, text, layer, step }) =>
    element('li', {
      children: [
        element('span', { class: `finding ${kind}`, text: findingNames[kind] }),
        document.createTextNode(` ${text} `),
        ...(step === undefined
          ? []
          : [plainButton(`Go to t = ${step}`, () => goTo({ layer, t: step }))]),
      ],
    }),
  );
  const tables = toVerdictTables(trace).map((table) =>
    element('div', { class: 'data', children: [dataTable(table)] }),
  );
  return element('div', {
    class: 'findings',
    children: [
      element('ul', { children: findings }),
      ...tables,
      ...trace.leftOut.map((text) => element('p', { class: 'note', text })),
    ],
  });
}

const findingNames: Record<TraceData['verdict']['findings'][number]['kind'], string> = {
  vanishing: 'Vanishing',
  exploding: 'Exploding',
  saturated: 'Saturated',
  dead: 'Dead',
  notFinite: 'Not finite',
  truncated: 'Truncated',
  flowing: 'Flowing',
  wrong: 'Wrong',
};

export function toVerdictTables({ checks, layers }: TraceData): TableData[] {
  const radii = layers.flatMap(({ jacobian }) => jacobian?.radii ?? []);
  return [
    {
      caption: 'Invariants of this trace, the worst relative error of each',
      columns: [
        { title: '' },
        { title: 'Check' },
        { title: 'Error', number: true },
        { title: 'Tolerance', number: true },
      ],
      rows: checks.map(({ name, error, tolerance }) => [
        error === null ? '–' : error <= tolerance ? '✓' : '✗',
        name,
        error === null ? 'not computed' : formatValue(error),
        formatValue(tolerance),
      ]),
    },
    ...(radii.length > 0
      ? [
          {
            caption: 'Spectral radius of each square block of the recurrent weights',
            columns: [{ title: 'Weight' }, { title: 'Block' }, { title: 'Radius', number: true }],
            rows: radii.map(({ parameter, block, radius }) => [
              parameter,
              block,
              formatValue(radius),
            ]),
          },
        ]
      : []),
  ];
}
