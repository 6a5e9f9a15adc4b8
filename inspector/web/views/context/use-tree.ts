import { useMemo, useState } from 'preact/hooks'
import type { Inspector } from '../../model/inspector.ts'
import { copy } from '../copy.ts'
import { treeOf, type Tree } from './tree.ts'

/** A value as a tree that a person opens and closes. */

export interface OpenedTree {
  readonly tree: Tree
  flip(path: string): void
  /** As JSON, to be pasted elsewhere. */
  copy(value: unknown): void
}

/** `words`: what is searched for in it; empty: nothing. */
export function useTree(value: unknown, words: string, say: Inspector['say']): OpenedTree {
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(new Set())
  return {
    tree: useMemo(() => treeOf(value, flipped, words), [value, flipped, words]),
    flip: (path) =>
      setFlipped((before) => {
        const after = new Set(before)
        if (!after.delete(path)) after.add(path)
        return after
      }),
    copy(part) {
      copy(JSON.stringify(part, null, 2) ?? '').then(
        () => say('Copied'),
        () => say('This browser does not let the page copy.', 'error'),
      )
    },
  }
}
