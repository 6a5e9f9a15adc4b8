import type { ChartLayout } from '../../../layout/layout.ts'

/** The drawing as a file of its own: every colour that the page's styles give it is written into it. */

const taken = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'font-style',
]
const space = 'http://www.w3.org/2000/svg'

export function svgFileOf(svg: SVGSVGElement, { width, height }: ChartLayout): string {
  const drawing = svg.querySelector('.chart-drawing')
  const file = document.createElementNS(space, 'svg')
  file.setAttribute('width', String(Math.ceil(width)))
  file.setAttribute('height', String(Math.ceil(height)))
  file.setAttribute('viewBox', `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`)
  if (drawing === null) return file.outerHTML
  const copy = drawing.cloneNode(true) as SVGGElement
  copy.removeAttribute('class')
  const copies = copy.querySelectorAll('*')
  drawing.querySelectorAll('*').forEach((element, index) => {
    const styles = getComputedStyle(element)
    const target = copies[index]
    for (const name of taken) target?.setAttribute(name, styles.getPropertyValue(name))
    for (const name of ['class', 'data-lit', 'data-phase']) target?.removeAttribute(name)
  })
  const ground = document.createElementNS(space, 'rect')
  ground.setAttribute('width', '100%')
  ground.setAttribute('height', '100%')
  ground.setAttribute('fill', getComputedStyle(svg.parentElement ?? svg).backgroundColor)
  file.append(ground, copy)
  return new XMLSerializer().serializeToString(file)
}
