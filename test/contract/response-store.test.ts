/** The store of responses on Node's SQLite keeps the contract; in a Durable Object: test/integration/responses.test.ts. */
import { createSqliteResponses } from '../support/edge/sqlite-responses.ts'
import { testResponseStore } from './response-store.ts'

testResponseStore('responses on SQLite', async () => createSqliteResponses({ now: () => 0 }))
