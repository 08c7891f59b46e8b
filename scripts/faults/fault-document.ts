/**
 * docs/faults.md: each fault, what a client sees, and the tests that show it. Owns the text; neither the list nor the tests.
 */
import type { Fault } from './fault-list.ts'
import type { FaultTest } from './fault-tests.ts'

/**
 * Returns what is wrong: faults that nothing shows, tests of faults that are not listed, a document that says otherwise.
 * @param written the document as it stands
 */
export function faultProblems(
  faults: readonly Fault[],
  tests: readonly FaultTest[],
  written: string,
): string[] {
  const shown = new Set(tests.flatMap((test) => test.faults))
  const bare = faults.flatMap(({ fault, notHere }, index) =>
    shown.has(index + 1) || notHere !== undefined
      ? []
      : [`F${index + 1} (${fault}) has neither a test nor a reason.`],
  )
  const unknown = [...shown].filter((number) => faults[number - 1] === undefined)
  const stale =
    written === renderFaults(faults, tests) ? [] : ['docs/faults.md is not up to date: npm run format']
  return [
    ...bare,
    ...unknown.map((number) => `A test is named F${number}, which is no fault of the list.`),
    ...stale,
  ]
}

/** Returns the document. */
export function renderFaults(faults: readonly Fault[], tests: readonly FaultTest[]): string {
  const rows = faults.map(({ fault, outcome }, index) => {
    const shownBy = tests.filter((test) => test.faults.includes(index + 1))
    return `| F${index + 1} | ${fault} | ${outcome} | ${shownBy.map(place).join('<br>') || 'see below'} |`
  })
  const elsewhere = faults.flatMap(({ fault, notHere }, index) =>
    notHere === undefined
      ? []
      : [`| F${index + 1} | ${fault} | ${notHere.reason} | \`${notHere.command}\` |`],
  )
  return `# Faults

What can go wrong, what a client then sees, and the test that shows it. Written from \`scripts/faults/fault-list.ts\` and the
names of the tests by \`npm run format\`; \`npm run check\` keeps it so. \`npx vitest run -t "F12 "\` runs the tests of one fault. Tests in
\`test/e2e\` use real processes and sockets: workerd, stand-ins for Claude and the container that break on purpose, or the real
container with the shipped model.

That the tests notice when a guard is gone is checked by \`npm run check:mutation\` (CONTRIBUTING.md). Under load, 1,000 requests at
once or \`-- --soak 10m\` of a steady stream, \`npm run bench:faults\` sends through the bundled Worker, with the real container and
stand-ins that misbehave in one request of a hundred, and fails where one does not end or leaves anything but its receipt. A soak
judges memory by what is still held after a collection: the process itself keeps garbage for as long as nothing presses it.

| | fault | what the client sees | shown by |
|---|---|---|---|
${rows.join('\n')}

## What no test here can show

| | fault | why | what shows it |
|---|---|---|---|
${elsewhere.join('\n')}
`
}

function place({ file, name }: FaultTest): string {
  return `[${file.split('/').at(-1)?.replace('.test.ts', '')}](../${file}): ${cell(name)}`
}

/** The name as it stands in the source: a place for a value is three dots. */
function cell(name: string): string {
  return name
    .replaceAll("\\'", "'")
    .replaceAll(/%[.\d]*[sidfj]|\$\{?[\w.]+\}?/g, '…')
    .replaceAll('|', '\\|')
}
