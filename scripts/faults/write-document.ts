/** Writes docs/faults.md: part of `npm run format`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../run-command.ts'
import { renderFaults } from './fault-document.ts'
import { FAULTS } from './fault-list.ts'
import { findFaultTests } from './fault-tests.ts'

writeFileSync(join(ROOT, 'docs/faults.md'), renderFaults(FAULTS, findFaultTests(ROOT)))
