import type { Lit } from './lit.ts'

/** Lights up what an actor is in, on a chart that is drawn: classes change, and nothing else. */

export interface Paint extends Lit {
  readonly phase: string
  /** The ids of the transitions that its state takes. */
  readonly open: ReadonlySet<string>
  /** Of those that it took last. */
  readonly fired: ReadonlySet<string>
  /** What is pointed at. */
  readonly pointed: string | null
}

const edgesOf = (element: Element): string[] =>
  (element.getAttribute('data-edges') ?? element.getAttribute('data-edge') ?? '').split(' ')

export function paint(svg: SVGSVGElement, { active, around, phase, open, fired, pointed }: Paint): void {
  for (const element of svg.querySelectorAll('[data-node]')) {
    const id = element.getAttribute('data-node') ?? ''
    element.classList.toggle('is-active', active.has(id))
    element.classList.toggle('is-around', around.has(id))
    element.classList.toggle('is-pointed', pointed === id)
    if (active.has(id) || around.has(id)) element.setAttribute('data-lit', phase)
    else element.removeAttribute('data-lit')
  }
  for (const element of svg.querySelectorAll('[data-edge], [data-edges]')) {
    const ids = edgesOf(element)
    element.classList.toggle(
      'is-open',
      ids.some((id) => open.has(id)),
    )
    element.classList.toggle(
      'is-fired',
      ids.some((id) => fired.has(id)),
    )
    element.classList.toggle('is-pointed', pointed !== null && ids.includes(pointed))
  }
}

/** Lets the edges that were taken flash once: each time, also where it is the same edge again. */
export function flash(svg: SVGSVGElement, fired: ReadonlySet<string>): void {
  for (const element of svg.querySelectorAll('.is-flashing')) element.classList.remove('is-flashing')
  const flashing = Array.from(svg.querySelectorAll<SVGGElement>('[data-edge], [data-edges]')).filter((element) =>
    edgesOf(element).some((id) => fired.has(id)),
  )
  // What the browser has not seen without the class would go on where it was. One look is enough for all of them.
  flashing[0]?.getBBox()
  for (const element of flashing) element.classList.add('is-flashing')
}
