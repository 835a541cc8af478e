/** The environment of a kernel process: the host's, without what would make the child act for the host. */

/** Set by editors and debuggers for their own children; any of them can stop or redirect ours. */
const foreign = /^(?:VSCODE_|ELECTRON_|NODE_INSPECT|NODE_CHANNEL_|NODE_UNIQUE_ID$)/;
/** Debuggers attach through options that every Node process below them reads. */
const debugging = /--inspect|--require|-r\s|--import/;

export function kernelEnvironment(
  host: NodeJS.ProcessEnv,
  extra: NodeJS.ProcessEnv = {},
  isElectron = 'electron' in process.versions,
): NodeJS.ProcessEnv {
  const kept = Object.entries(host).filter(([name, value]) => {
    if (foreign.test(name)) return false;
    return !(name === 'NODE_OPTIONS' && debugging.test(value ?? ''));
  });
  return {
    ...Object.fromEntries(kept),
    ...(isElectron ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
    ...extra,
  };
}
