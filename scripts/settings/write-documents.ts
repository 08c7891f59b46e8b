/**
 * Writes `.env.example` and docs/settings.md: part of `npm run format`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../run-command.ts'
import { documentedSettings, renderExample, renderTable } from './settings-documents.ts'

const settings = documentedSettings()
writeFileSync(join(ROOT, '.env.example'), renderExample(settings))
writeFileSync(join(ROOT, 'docs/settings.md'), renderTable(settings))
