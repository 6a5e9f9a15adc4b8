import type { ActorRow, Chart, ChartEdge, ChartNode, InspectionRecord } from '../../../src/protocol/inspection.ts'
import type { Box, ChartLayout, DrawnEdge } from '../../layout/layout.ts'
import { bounds } from './bounds.ts'
import type { Recording } from './recording.ts'
import { checkParents } from './recording-parents.ts'
import {
  anything,
  countOf,
  fieldsOf,
  listOf,
  numberOf,
  oneOf,
  optional,
  refuse,
  ShapeError,
  textOf,
  timeOf,
  type Fields,
} from './shape.ts'

/** Reads a recording that somebody gave. Nothing in it is trusted: what is taken over has the shape that the page counts on. */

/** More than any machine has; a file with more is no chart. */
const most = { parts: 10_000, text: 2_000 }
const texts = (value: unknown, field: string): string[] => [...listOf(value, field, most.parts, textOf)]
const nullable = (value: unknown, field: string): string | null => (value === null ? null : textOf(value, field))

const phaseOf = (value: unknown, field: string) => oneOf(value, field, ['handshake', 'active', 'reaped'])

const endOf = (value: unknown, field: string) => oneOf(value, field, ['done', 'error', 'stopped'] as const)

function rowOf(value: unknown, field: string): ActorRow {
  const fields = fieldsOf(value, field)
  return {
    id: textOf(fields['id'], `${field}.id`),
    ...optional(fields, 'address', field, textOf),
    ...optional(fields, 'name', field, textOf),
    ...optional(fields, 'parent', field, textOf),
    ...optional(fields, 'chart', field, textOf),
    ...optional(fields, 'logic', field, textOf),
    ...positionOf(fields, field),
    events: countOf(fields['events'], `${field}.events`),
    ...optional(fields, 'end', field, endOf),
  }
}

function positionOf(value: unknown, field: string) {
  const fields = fieldsOf(value, field)
  return {
    ...optional(fields, 'phase', field, phaseOf),
    ...optional(fields, 'state', field, textOf),
    since: timeOf(fields['since'], `${field}.since`),
    ...optional(fields, 'reason', field, textOf),
  }
}

const changesOf = (value: unknown, field: string): Record<string, [unknown, unknown]> =>
  Object.fromEntries(
    Object.entries(fieldsOf(value, field)).map(([name, pair]) => {
      const at = `${field}.${name}`
      if (!Array.isArray(pair) || pair.length !== 2) refuse(at, 'what it was and what it is', pair)
      return [name, [anything(pair[0], at), anything(pair[1], at)]]
    }),
  )

function recordOf(value: unknown, field: string): InspectionRecord {
  const fields = fieldsOf(value, field)
  const type = oneOf(fields['type'], `${field}.type`, ['actor', 'event', 'step', 'ignored', 'ended', 'named'])
  const all = { seq: countOf(fields['seq'], `${field}.seq`), at: timeOf(fields['at'], `${field}.at`) }
  const text = (name: string): string => textOf(fields[name], `${field}.${name}`)
  switch (type) {
    case 'actor':
      return { type, ...all, actor: rowOf(fields['actor'], `${field}.actor`) }
    case 'event':
      return {
        type,
        ...all,
        to: text('to'),
        event: text('event'),
        ...optional(fields, 'from', field, textOf),
        ...optional(fields, 'payload', field, (payload, at) => anything(payload, at)),
        ...(fields['dead'] === true ? { dead: true as const } : {}),
      }
    case 'step':
      return {
        type,
        ...all,
        actor: text('actor'),
        event: text('event'),
        ...optional(fields, 'of', field, numberOf),
        edges: texts(fields['edges'], `${field}.edges`),
        was: positionOf(fields['was'], `${field}.was`),
        is: positionOf(fields['is'], `${field}.is`),
        ...optional(fields, 'changes', field, changesOf),
      }
    case 'ignored':
      return { type, ...all, actor: text('actor'), event: text('event'), ...optional(fields, 'of', field, numberOf) }
    case 'ended':
      return {
        type,
        ...all,
        actor: rowOf(fields['actor'], `${field}.actor`),
        ...optional(fields, 'context', field, (context, at) => anything(context, at)),
        ...optional(fields, 'output', field, (output, at) => anything(output, at)),
      }
    case 'named':
      return { type, ...all, actor: text('actor'), is: text('is'), ...optional(fields, 'was', field, textOf) }
  }
}

function edgeOf(value: unknown, field: string): ChartEdge {
  const fields = fieldsOf(value, field)
  return {
    id: textOf(fields['id'], `${field}.id`),
    type: textOf(fields['type'], `${field}.type`),
    label: textOf(fields['label'], `${field}.label`),
    guard: nullable(fields['guard'], `${field}.guard`),
    actions: texts(fields['actions'], `${field}.actions`),
    targets: texts(fields['targets'], `${field}.targets`),
  }
}

function nodeOf(value: unknown, field: string, depth: number = bounds.recordingDepth): ChartNode {
  if (depth === 0) throw new ShapeError(`${field}: nested too deeply`)
  const fields = fieldsOf(value, field)
  return {
    id: textOf(fields['id'], `${field}.id`),
    key: textOf(fields['key'], `${field}.key`),
    type: oneOf(fields['type'], `${field}.type`, ['atomic', 'compound', 'parallel', 'final', 'history']),
    initial: nullable(fields['initial'], `${field}.initial`),
    tags: texts(fields['tags'], `${field}.tags`),
    entry: texts(fields['entry'], `${field}.entry`),
    exit: texts(fields['exit'], `${field}.exit`),
    invoke: listOf(fields['invoke'], `${field}.invoke`, most.parts, (one, at) => {
      const invoked: Fields = fieldsOf(one, at)
      return { id: textOf(invoked['id'], `${at}.id`), src: textOf(invoked['src'], `${at}.src`) }
    }),
    edges: listOf(fields['edges'], `${field}.edges`, most.parts, edgeOf),
    states: listOf(fields['states'], `${field}.states`, most.parts, (one, at) => nodeOf(one, at, depth - 1)),
  }
}

function chartOf(value: unknown, field: string): Chart {
  const fields = fieldsOf(value, field)
  return { hash: textOf(fields['hash'], `${field}.hash`), root: nodeOf(fields['root'], `${field}.root`) }
}

/** Far beyond any drawing: what is larger would only keep the browser busy. */
const lengthOf = (value: unknown, field: string): number => {
  const length = numberOf(value, field)
  return Math.abs(length) > 1e6 ? refuse(field, 'at most 1000000 px', length) : length
}

function boxOf(value: unknown, field: string): Box {
  const fields = fieldsOf(value, field)
  const side = (name: string): number => lengthOf(fields[name], `${field}.${name}`)
  return { x: side('x'), y: side('y'), width: side('width'), height: side('height') }
}

function drawnEdgeOf(value: unknown, field: string): DrawnEdge {
  const fields = fieldsOf(value, field)
  return {
    id: textOf(fields['id'], `${field}.id`),
    target: numberOf(fields['target'], `${field}.target`),
    points: listOf(fields['points'], `${field}.points`, most.parts, (point, at) => {
      if (!Array.isArray(point) || point.length !== 2) refuse(at, 'two numbers', point)
      return [lengthOf(point[0], at), lengthOf(point[1], at)] as const
    }),
    label: fields['label'] === null ? null : boxOf(fields['label'], `${field}.label`),
  }
}

export function layoutOf(value: unknown, field: string): ChartLayout {
  const fields = fieldsOf(value, field)
  return {
    hash: textOf(fields['hash'], `${field}.hash`),
    width: lengthOf(fields['width'], `${field}.width`),
    height: lengthOf(fields['height'], `${field}.height`),
    nodes: Object.fromEntries(
      Object.entries(fieldsOf(fields['nodes'], `${field}.nodes`)).map(([id, box]) => [id, boxOf(box, `${field}.nodes.${id}`)]),
    ),
    edges: listOf(fields['edges'], `${field}.edges`, most.parts, drawnEdgeOf),
  }
}

/** Throws a ShapeError that names the field. */
export function recordingOf(value: unknown): Recording {
  const fields = fieldsOf(value, 'the file')
  oneOf(fields['format'], 'format', ['hyphae.recording'])
  if (fields['version'] !== 1) refuse('version', '1 (the page is older or newer than the recording)', fields['version'])
  const run = textOf(fields['run'], 'run')
  const records = listOf(fields['records'], 'records', bounds.recordingRecords, recordOf)
  records.forEach(({ seq }, index) => {
    const before = records[index - 1]?.seq ?? -1
    if (seq <= before) refuse(`records[${index}].seq`, `more than ${before}`, seq)
  })
  const seq = countOf(fields['seq'], 'seq')
  const actors = listOf(fields['actors'], 'actors', bounds.recordingActors, rowOf)
  checkParents(actors, records)
  const last = records.at(-1)?.seq ?? 0
  if (last > seq) refuse('seq', `at least ${last}, as the last record has`, seq)
  return {
    format: 'hyphae.recording',
    version: 1,
    run,
    made: textOf(fields['made'], 'made'),
    from: textOf(fields['from'], 'from'),
    seq,
    at: timeOf(fields['at'], 'at'),
    actors,
    contexts: listOf(fields['contexts'], 'contexts', bounds.recordingActors, (one, at) => {
      const held = fieldsOf(one, at)
      return { id: textOf(held['id'], `${at}.id`), context: anything(held['context'], `${at}.context`) }
    }),
    records,
    charts: listOf(fields['charts'], 'charts', most.parts, chartOf),
    layouts: listOf(fields['layouts'], 'layouts', most.parts, layoutOf),
  }
}
