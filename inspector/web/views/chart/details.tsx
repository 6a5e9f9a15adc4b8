import type { ComponentChildren } from 'preact'
import type { Chart, ChartEdge, ChartNode } from '../../../../src/protocol/inspection.ts'
import { everyNode } from '../../../layout/nodes.ts'
import { edgeWords } from './lit.ts'

/** All that a chart says of the state or the transition that is pointed at; what stands on the drawing may be cut short. */

function Part({ title, names }: { readonly title: string; readonly names: readonly string[] }) {
  if (names.length === 0) return null
  return (
    <>
      <dt>{title}</dt>
      <dd>{names.join(', ')}</dd>
    </>
  )
}

function OfEdge({ edge, from }: { readonly edge: ChartEdge; readonly from: ChartNode }) {
  return (
    <>
      <h3>{edge.label}</h3>
      <dl>
        <Part title="from" names={[from.id]} />
        <Part title="to" names={edge.targets.length === 0 ? ['it stays'] : edge.targets} />
        <Part title="only if" names={edge.guard === null ? [] : [edge.guard]} />
        <Part title="does" names={edge.actions} />
        <Part title="event" names={edge.type === '' || edge.type === edge.label ? [] : [edge.type]} />
      </dl>
    </>
  )
}

function OfState({ node }: { readonly node: ChartNode }) {
  return (
    <>
      <h3>{node.key}</h3>
      <dl>
        <Part title="id" names={[node.id]} />
        <Part title="kind" names={node.type === 'atomic' ? [] : [node.type]} />
        <Part title="tags" names={node.tags} />
        <Part title="on entry" names={node.entry} />
        <Part title="on exit" names={node.exit} />
        <Part title="invokes" names={node.invoke.map(({ id, src }) => (id === src ? id : `${src} as ${id}`))} />
      </dl>
      {node.edges.length > 0 && (
        <ul>
          {node.edges.map((edge) => (
            <li key={edge.id}>{edgeWords(edge)}</li>
          ))}
        </ul>
      )}
    </>
  )
}

export function Details({ chart, pointed }: { readonly chart: Chart; readonly pointed: string }): ComponentChildren {
  const nodes = everyNode(chart.root)
  const node = nodes.find(({ id }) => id === pointed)
  if (node !== undefined) return <OfState node={node} />
  const from = nodes.find(({ edges }) => edges.some(({ id }) => id === pointed))
  const edge = from?.edges.find(({ id }) => id === pointed)
  return from === undefined || edge === undefined ? null : <OfEdge edge={edge} from={from} />
}
