/** The shipped model's handover.json, where it has one: it can be read, and it was measured on the weights beside it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'
import {
  HANDOVER_FILE,
  hasHandoverFile,
  readHandoverFile,
} from '../../../../inference/engine/handover/handover-file.ts'
import { graphFiles } from '../../../../inference/models/files.ts'
import { resolveModel, SHIPPED_DIR } from '../../../../inference/models/resolve.ts'
import { digestFile } from '../../../../inference/models/verify.ts'

const model = resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir: SHIPPED_DIR })
const [graph = ''] = graphFiles(model) ?? []
const provenance = z.object({ graphSha256: z.string() })
const fileSchema = z.object({
  provenance: provenance.optional(),
  verification: z.object({ provenance }).optional(),
})

test.runIf(hasHandoverFile(model.folder))(
  'is of these weights; else: npm run bench:handover and bench:verification, -- --write --out bench/…-results.md',
  async () => {
    expect(readHandoverFile(model.folder)).not.toHaveProperty('reason')
    const text = readFileSync(join(model.folder, HANDOVER_FILE), 'utf8')
    const { provenance: ofHandover, verification } = fileSchema.parse(JSON.parse(text))
    const digest = await digestFile(graph, 'sha256')
    for (const part of [ofHandover, verification?.provenance])
      if (part !== undefined) expect(part.graphSha256).toBe(digest)
  },
  30_000,
)
