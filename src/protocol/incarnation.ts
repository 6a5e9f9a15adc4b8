/**
 * One incarnation of a service's program: `<run>.<n>.<generation>`. The run is random for each start of the orchestrator,
 * n counts within it. The generation is in the name, and so in the mark of every process of it: whoever finds one alive knows
 * which command it stands for, even if the journal's last words are lost.
 */
export const nameIncarnation = (run: string, n: number, generation: number): string => `${run}.${n}.${generation}`

/** 0: it has no such name. */
export function generationOf(incarnation: string): number {
  const generation = /^[^.]+\.\d+\.(\d+)$/.exec(incarnation)?.[1]
  return generation === undefined ? 0 : Number(generation)
}
