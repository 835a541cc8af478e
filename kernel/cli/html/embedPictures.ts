/** Pictures that a Markdown cell names become part of the page: its attachments, and files beside the notebook. */
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { JsonObject } from '../nbformat.js';

const mimes: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
};
/** Larger ones stay links: a page of a hundred megabytes opens nowhere. */
const mostBytes = 10 << 20;

/** `![text](address "title")` */
const picture = /(!\[[^\]]*\]\()([^)\s]+)([^)]*\))/g;

export async function embedPictures(
  source: string,
  attachments: JsonObject,
  folder: string,
): Promise<string> {
  const found = [...source.matchAll(picture)];
  const addresses = await Promise.all(
    found.map(([, , address = '']) => toDataAddress(address, attachments, folder)),
  );
  let at = 0;
  return source.replace(picture, (whole, before: string, _address: string, after: string) => {
    const address = addresses[at++];
    return address === undefined ? whole : before + address + after;
  });
}

/** Undefined where the address has to stay as it is. */
async function toDataAddress(
  address: string,
  attachments: JsonObject,
  folder: string,
): Promise<string | undefined> {
  if (address.startsWith('attachment:')) {
    const bundle = attachments[address.slice('attachment:'.length)];
    const [entry] = Object.entries(typeof bundle === 'object' && bundle !== null ? bundle : {});
    return entry && typeof entry[1] === 'string'
      ? `data:${entry[0]};base64,${entry[1].replace(/\s/g, '')}`
      : undefined;
  }
  const mime = mimes[extname(address).toLowerCase()];
  if (mime === undefined || /^[a-z][a-z0-9+.-]*:|^\/\//i.test(address)) return undefined;
  try {
    const bytes = await readFile(resolve(folder, decodeURIComponent(address)));
    return bytes.length > mostBytes ? undefined : `data:${mime};base64,${bytes.toString('base64')}`;
  } catch {
    // It is not there: the page shows its text instead, as the notebook does.
    return undefined;
  }
}
