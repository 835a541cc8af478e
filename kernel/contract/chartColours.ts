/**
 * The colours of a chart's categories, in the order in which they are given out.
 *
 * Each has a contrast of 3 : 1 at least with its background, and any two can be told apart by who does not see red, green or
 * blue: at least 0.06 apart in OKLab, as seen with protanopia, deuteranopia and tritanopia. The first ones are farthest apart.
 */
export const chartColours = {
  /** On white. */
  light: [
    '#0072b2',
    '#d55e00',
    '#440088',
    '#661100',
    '#8833ff',
    '#8888ee',
    '#775500',
    '#0011cc',
    '#bb4466',
    '#881155',
  ],
  /** On VS Code's dark grey and on black. */
  dark: [
    '#56a8f5',
    '#e69f00',
    '#f0569c',
    '#f5ee5a',
    '#7a55ff',
    '#66f0d0',
    '#aa5522',
    '#cc0088',
    '#aa8844',
    '#9955bb',
  ],
  /** On either: for a drawing that is made once for both. */
  either: [
    '#0077cc',
    '#dd6600',
    '#995588',
    '#aa5500',
    '#9988cc',
    '#5588ff',
    '#cc6699',
    '#7744ff',
    '#cc11bb',
    '#669955',
  ],
} as const;
