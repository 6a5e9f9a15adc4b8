/** Where everything of a chart is drawn, in px from its upper left corner. It depends on the chart alone. */

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface DrawnEdge {
  /** The id of the edge, and the number of the target among its targets. */
  readonly id: string
  readonly target: number
  /** From its source to its target, with a corner at each of the others. */
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  readonly label: Box | null
}

export interface ChartLayout {
  /** Of the chart that it was made for. */
  readonly hash: string
  readonly width: number
  readonly height: number
  /** By the id of the node; the root is one of them. */
  readonly nodes: Readonly<Record<string, Box>>
  readonly edges: readonly DrawnEdge[]
}
