/** Calls back with each line that a stream of text brings, whatever chunks it comes in. */
export function eachLine(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    lines.forEach((line) => onLine(line));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
