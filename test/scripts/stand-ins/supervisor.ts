/** Stands in for `npm start`: starts a program that has a child, under the reaper's watch, and waits to be killed. */
import { startProcessGroup } from '../../../scripts/stack/process-group.ts'
import { startReaper } from '../../../scripts/stack/reaper.ts'

const FAMILY = `
const { spawn } = require('node:child_process')
spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log("child up"); setInterval(() => {}, 1000)'], { stdio: 'inherit' })
console.log('family ' + process.pid)
setInterval(() => {}, 1000)
`

const reaper = startReaper()
const group = await startProcessGroup({
  file: process.execPath,
  args: ['-e', FAMILY],
  directory: import.meta.dirname,
  environment: {},
  onLine: (line) => console.log(line),
})
reaper.watch(group.id)
setInterval(() => {}, 1_000)
