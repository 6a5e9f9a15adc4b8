import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { PageModel } from '../model/page-model.ts'

/** Keys that do something wherever one is, and the page that tells them. */

export const keysShown = signal(false)

const keys: ReadonlyArray<readonly [key: string, does: string]> = [
  ['/', 'search the actors'],
  ['t', 'go to the tree'],
  ['↑ ↓ Home End', 'tree: move; letters jump to a name'],
  ['→ ←', 'tree: unfold and fold, or go in and out'],
  ['Enter', 'tree: look at the actor'],
  ['↑ ↓ ← →', 'chart: move it'],
  ['+ - 0', 'chart: larger, smaller, all of it'],
  ['← →', 'tabs: the one before, the next'],
  ['↑ ↓ Enter', 'line below the chart: its height, and back'],
  ['[ ]', 'one record back, or on'],
  ['Escape', 'leave a field; back to live'],
  ['?', 'this list'],
]

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    ['TEXTAREA', 'SELECT'].includes(target.tagName) ||
    (target instanceof HTMLInputElement && !['range', 'checkbox', 'radio'].includes(target.type)))

/** One record back or on; on from the last is the present. */
export function stepTime(model: PageModel, by: 1 | -1): void {
  const { list } = model.records.value
  const at = model.moment.value ?? model.span.value.to
  const { from, to } = model.span.value
  if (by < 0) {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle]?.seq ?? 0) < at) low = middle + 1
      else high = middle
    }
    model.moment.value = Math.max(from, list[low - 1]?.seq ?? from)
    return
  }
  if (model.moment.value === null) return
  model.moment.value = at + 1 >= to ? null : at + 1
}

export function listenForKeys(model: PageModel): () => void {
  const heard = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    // A dialog has its own.
    if (document.querySelector('dialog[open]') !== null) return
    if (event.key === 'Escape') {
      if (isTyping(event.target) && event.target instanceof HTMLElement) event.target.blur()
      else model.moment.value = null
      return
    }
    if (isTyping(event.target)) return
    const acts: Readonly<Record<string, () => void>> = {
      '/': () => document.querySelector<HTMLInputElement>('#search')?.focus(),
      '?': () => (keysShown.value = true),
      '[': () => stepTime(model, -1),
      ']': () => stepTime(model, 1),
      t: () => document.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus(),
    }
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  addEventListener('keydown', heard)
  return () => removeEventListener('keydown', heard)
}

export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (keysShown.value) dialog.current?.showModal()
  }, [keysShown.value])
  if (!keysShown.value) return null
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClose={() => (keysShown.value = false)}>
      <h2 id="keys-title">Keys</h2>
      <dl>
        {keys.map(([key, does]) => (
          <div key={key + does}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  )
}
