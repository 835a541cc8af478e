import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** VS Code for a test or a first look: nothing that asks, updates or needs a service elsewhere. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'git.openRepositoryInParentFolders': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
};

/** @param folder `User` of a desktop VS Code, `Machine` of its server */
export function writeQuietSettings(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(quietSettings, undefined, 2));
}
