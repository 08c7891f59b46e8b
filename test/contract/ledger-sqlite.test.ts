/** The ledger on Node's SQLite keeps the contract, whether receipts are in one object or in several. */
import { createMemoryLedger } from '../support/edge/memory-ledger.ts'
import { testLedger } from './ledger.ts'

testLedger('the ledger on SQLite', () => createMemoryLedger())
testLedger('the ledger on SQLite over three shards', () => createMemoryLedger({ shards: 3 }))
