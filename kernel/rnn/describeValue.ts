/** What came where a number, a tensor or a value of a cell was expected, for error messages. */
export function describeValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return `an array of length ${(value as ArrayLike<unknown>).length}`;
  const { name } = value.constructor;
  if (name !== 'Object') return `a value of class ${name}`;
  return `an object of ${Object.keys(value).join(', ') || 'nothing'}`;
}
