import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMachine, type AnyStateMachine } from 'xstate'
import { graphOf } from '../../inspector/layout/graph.ts'
import { createElk } from '../../inspector/layout/in-node.ts'
import { layoutOf } from '../../inspector/layout/layout-of.ts'
import type { Box } from '../../inspector/layout/layout.ts'
import { everyNode } from '../../inspector/layout/nodes.ts'
import { writeLayouts } from '../../scripts/write-layouts.ts'
import { connectionMachine } from '../../src/machines/connection.ts'
import { groupMachine } from '../../src/machines/group.ts'
import { processMachine } from '../../src/machines/process.ts'
import { restartMachine } from '../../src/machines/restart.ts'
import { serviceMachine } from '../../src/machines/service.ts'
import { chartOf } from '../../src/inspection/chart.ts'

/** Where everything of a chart is drawn. */

const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height
const holds = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width + 0.2 &&
  inner.y + inner.height <= outer.y + outer.height + 0.2

test('where very many lines lead to one state, those that go by themselves and the nearest are drawn; the others say where they go', () => {
  const names = Array.from({ length: 16 }, (_, index) => `s${index}`)
  const crowded = createMachine({
    id: 'crowded',
    initial: 's0',
    states: {
      ...Object.fromEntries(
        names.map((name, index) => [name, index === 9 ? { always: { target: 'hub' } } : { on: { GO: { target: 'hub' } } }]),
      ),
      hub: {},
    },
  })
  const { bundles, jumps } = graphOf(chartOf(crowded), 'DOWN')
  expect(bundles.map(({ source }) => source).sort()).toEqual(['crowded.s15', 'crowded.s9'])
  expect(jumps.size).toBe(14)
})

const regions = createMachine({
  id: 'mesh',
  type: 'parallel',
  states: {
    link: { initial: 'dialing', states: { dialing: { on: { OPEN: 'open' } }, open: { on: { CLOSE: 'dialing' } } } },
    auth: { initial: 'anonymous', states: { anonymous: { on: { PROVE: 'proved' } }, proved: {} } },
  },
})
const machines: ReadonlyArray<readonly [string, AnyStateMachine]> = [
  ['service', serviceMachine],
  ['process', processMachine],
  ['group', groupMachine],
  ['restart', restartMachine],
  ['connection', connectionMachine],
  ['mesh', regions],
]

describe.each(machines)('the layout of %s', (_, machine) => {
  const chart = chartOf(machine)
  const laid = layoutOf(chart, createElk())

  test('has a place for every state, within the state around it and beside its siblings', async () => {
    const { nodes } = await laid
    for (const node of everyNode(chart.root)) {
      const box = nodes[node.id]
      if (box === undefined) throw new Error(`no box for ${node.id}`)
      const inner = node.states.flatMap(({ id }) => nodes[id] ?? [])
      expect(inner).toHaveLength(node.states.length)
      for (const [index, one] of inner.entries()) {
        expect(holds(box, one), `${node.id} holds ${node.states[index]?.id}`).toBe(true)
        for (const other of inner.slice(index + 1)) expect(overlap(one, other)).toBe(false)
      }
    }
  })

  test('has every transition: as a line with a label, or as a line in the box of its state', async () => {
    const { edges, nodes } = await laid
    const drawn = new Set(edges.map(({ id }) => id))
    const all = everyNode(chart.root).flatMap((node) => node.edges.map((edge) => ({ node, edge })))
    expect(all.filter(({ edge }) => !drawn.has(edge.id))).toEqual([])
    const lines = new Set(edges.filter(({ points }) => points.length > 0).map(({ id }) => id))
    const staying = all.filter(({ node, edge }) => edge.targets.every((target) => target === node.id))
    expect(staying.filter(({ edge }) => lines.has(edge.id))).toEqual([])
    const outside = all.filter(({ node, edge }) => {
      const [own, label] = [nodes[node.id], edges.find(({ id }) => id === edge.id)?.label]
      return !lines.has(edge.id) && (own === undefined || label === undefined || label === null || !holds(own, label))
    })
    expect(outside).toEqual([])
  })

  test('no label covers another, or a state', async () => {
    const { edges, nodes } = await laid
    const labels = edges.flatMap(({ id, points, label }) => (points.length === 0 || label === null ? [] : [{ id, label }]))
    const leaves = everyNode(chart.root).filter(({ states }) => states.length === 0)
    for (const [index, { id, label }] of labels.entries()) {
      for (const other of labels.slice(index + 1)) expect(overlap(label, other.label), `${id} and ${other.id}`).toBe(false)
      for (const leaf of leaves) {
        const box = nodes[leaf.id]
        expect(box !== undefined && overlap(label, box), `${id} on ${leaf.id}`).toBe(false)
      }
    }
  })

  test('is the same each time', async () => {
    expect(await layoutOf(chart, createElk())).toEqual(await laid)
  })
})

test('edges between the same two states share a line', async () => {
  const { edges } = await layoutOf(chartOf(connectionMachine), createElk())
  const lines = edges.filter(({ id }) => id === 'connection.authenticating#0' || id === 'connection.authenticating#1')
  expect(new Set(edges.filter(({ points }) => points.length > 0).map(({ points }) => JSON.stringify(points))).size).toBeLessThan(
    edges.filter(({ points }) => points.length > 0).length,
  )
  expect(lines.length).toBeGreaterThan(0)
})

test('layouts are written for the page, and taken from the cache the second time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hyphae-layouts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const chart = chartOf(connectionMachine)
  expect(await writeLayouts(folder, [chart])).toBe(1)
  const first = await readFile(join(folder, `${chart.hash}.json`), 'utf8')
  expect(JSON.parse(first)).toEqual(await layoutOf(chart, createElk()))
  await writeLayouts(folder, [chart])
  expect(await readdir(folder)).toEqual([`${chart.hash}.json`])
})
