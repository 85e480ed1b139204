#!/usr/bin/env node
// Plain JavaScript that every Node since 14 can parse: an old one must get a sentence, not a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `sluice needs Node.js 22.15 or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org.`,
  );
  process.exitCode = 2;
} else {
  import('../dist/cli/bin.js').catch((error) => {
    console.error(
      error?.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).includes('dist')
        ? 'sluice is not built yet; run `npm run build` first.'
        : error,
    );
    process.exitCode = 2;
  });
}
