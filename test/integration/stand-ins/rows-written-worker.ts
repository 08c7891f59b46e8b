/** A Worker whose object writes a day of receipts and says how many rows Cloudflare counts for it. */
import { DurableObject } from 'cloudflare:workers'
import { createDurableDatabase } from '../../../edge/durable/durable-database.ts'
import { writeDay } from '../../support/edge/write-day.ts'

export class RowsWritten extends DurableObject {
  count(receipts: number): number {
    const { storage } = this.ctx
    const database = createDurableDatabase(storage)
    let rows = 0
    writeDay(
      {
        ...database,
        exec(query, ...bindings) {
          const cursor = storage.sql.exec(query, ...bindings)
          const found = cursor.toArray()
          rows += cursor.rowsWritten
          return found
        },
      },
      receipts,
      () => {
        rows = 0
      },
    )
    return rows
  }
}

export default { fetch: () => new Response() } satisfies ExportedHandler
