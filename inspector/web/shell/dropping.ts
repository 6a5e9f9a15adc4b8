import { signal } from '@preact/signals'
import type { PageModel } from '../model/page-model.ts'

/** A file over the page: a recording may be dropped anywhere. */
export const dragging = signal(false)

export function listenForFiles(model: PageModel): () => void {
  const holdsFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true
  const over = (event: DragEvent): void => {
    if (!holdsFile(event)) return
    event.preventDefault()
    dragging.value = true
  }
  const leave = (event: DragEvent): void => {
    if (event.relatedTarget === null) dragging.value = false
  }
  const drop = (event: DragEvent): void => {
    dragging.value = false
    const file = event.dataTransfer?.files[0]
    if (file === undefined) return
    event.preventDefault()
    void model.openRecording(file)
  }
  addEventListener('dragover', over)
  addEventListener('dragleave', leave)
  addEventListener('drop', drop)
  return () => {
    removeEventListener('dragover', over)
    removeEventListener('dragleave', leave)
    removeEventListener('drop', drop)
  }
}
