import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { AnyStateMachine } from 'xstate'
import type { ChartLayout } from '../inspector/layout/layout.ts'
import type { Chart } from '../src/protocol/inspection.ts'

// Where everything of the charts of our own machines is drawn, made once: no reader of the page waits for it.

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, 'node_modules/.cache/hyphae-layouts')

/** Those that a system runs, as charts. */
async function charts(): Promise<readonly Chart[]> {
  const [listed, drawn] = ['scripts/machines.ts', 'src/inspection/chart.ts'].map((file) => join(root, file))
  if (listed === undefined || drawn === undefined || !existsSync(listed) || !existsSync(drawn)) return []
  const { machines } = (await import(listed)) as { readonly machines: readonly AnyStateMachine[] }
  const { chartOf } = (await import(drawn)) as { chartOf(machine: AnyStateMachine): Chart }
  return machines.map(chartOf)
}

/** What a layout depends on beside its chart. */
async function engineHash(): Promise<string> {
  const hash = createHash('sha256')
  const folder = join(root, 'inspector/layout')
  for (const file of (await readdir(folder)).sort()) hash.update(await readFile(join(folder, file)))
  hash.update(await readFile(join(root, 'node_modules/elkjs/package.json')))
  return hash.digest('hex').slice(0, 16)
}

/** The engine takes a while to load: only where there is something to do. */
async function loaded(): Promise<(chart: Chart) => Promise<ChartLayout>> {
  const [{ createElk }, { layoutOf }] = await Promise.all([
    import('../inspector/layout/in-node.ts'),
    import('../inspector/layout/layout-of.ts'),
  ])
  const elk = createElk()
  return (chart) => layoutOf(chart, elk)
}

/** Writes one file for each chart into `folder`, `<hash>.json`; those that were made before are taken as they are. */
export async function writeLayouts(folder: string, of: readonly Chart[] | null = null): Promise<number> {
  const wanted = of ?? (await charts())
  const engine = await engineHash()
  const kept = join(cache, engine)
  await Promise.all([mkdir(kept, { recursive: true }), mkdir(folder, { recursive: true })])
  // Those of another engine are of no use any more.
  for (const other of await readdir(cache)) if (other !== engine) await rm(join(cache, other), { recursive: true, force: true })
  let layout: Awaited<ReturnType<typeof loaded>> | null = null
  for (const chart of wanted) {
    const file = join(kept, `${chart.hash}.json`)
    let text = await readFile(file, 'utf8').catch(() => null)
    if (text === null) {
      layout ??= await loaded()
      text = JSON.stringify(await layout(chart))
      await writeFile(`${file}.${process.pid}`, text)
      await rename(`${file}.${process.pid}`, file)
    }
    await writeFile(join(folder, `${chart.hash}.json`), text)
  }
  return wanted.length
}
