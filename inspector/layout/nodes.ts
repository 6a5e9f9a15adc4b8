import type { ChartNode } from '../../src/protocol/inspection.ts'

/** A node of a chart and all that are in it, the outer ones first. */
export const everyNode = (node: ChartNode): ChartNode[] => [node, ...node.states.flatMap(everyNode)]
