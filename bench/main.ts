// Every figure is a ratio against a floor that is measured in the same run, in turns with ours. Names on the command line
// choose some of them: npm run bench -- respawn flood
import process from 'node:process'
import { growth } from './growth.ts'
import { fuzzing } from './fuzz.ts'
import { halfOpen } from './half-open.ts'
import { inspect } from './inspect.ts'
import { journal } from './journal.ts'
import { logins } from './logins.ts'
import type { Row } from './measure.ts'
import { flood, memory } from './memory.ts'
import { page } from './page.ts'
import { promises } from './promises.ts'
import { requests } from './requests.ts'
import { respawn } from './respawn.ts'
import { scale } from './scale.ts'
import { scrape } from './scrape.ts'
import { sharing } from './restarts.ts'
import { rotate } from './rotate.ts'
import { spawnMany } from './spawn.ts'
import { durable, survive } from './survive.ts'

const benches: Readonly<Record<string, () => Promise<Row[]>>> = {
  respawn: () => respawn(),
  spawn100: () => spawnMany(100, 7),
  spawn500: () => spawnMany(500, 3),
  memory,
  flood: () => flood(),
  rotate: () => rotate(),
  growth,
  scale,
  scrape,
  promises,
  durable,
  survive,
  journal,
  requests,
  'half-open': halfOpen,
  fuzz: fuzzing,
  logins,
  sharing,
  inspect,
  page,
}
const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !(name in benches))
if (unknown.length > 0) {
  process.stderr.write(`there is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}
let missed = 0
for (const [name, run] of Object.entries(benches)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  for (const { what, value, target, met } of await run()) {
    if (!met) missed++
    process.stdout.write(`${met ? 'ok    ' : 'MISSED'} ${what.padEnd(52)} ${value.padEnd(44)} target ${target}\n`)
  }
}
process.stdout.write(missed === 0 ? 'every target is met\n' : `${missed} missed\n`)
process.exitCode = missed === 0 ? 0 : 1
