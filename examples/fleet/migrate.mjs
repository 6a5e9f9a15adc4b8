// A one-shot migration: takes a moment, says what it did, ends with 0.
import { setTimeout as sleep } from 'node:timers/promises'

for (const table of ['users', 'orders', 'invoices']) {
  await sleep(300)
  console.log(`migrated ${table}`)
}
