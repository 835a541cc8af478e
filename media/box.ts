/** A rectangle on the page: pixels, y downwards. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
