// What every launcher does first: says so where Node is too old. Plain JavaScript that old Node reads.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 20)) {
  console.error(
    `tandem needs Node.js 24.20 or newer; this is ${process.versions.node}.\n` +
      'In the project, npm scripts find the right one first: npm ci && npm start',
  );
  process.exit(1);
}
