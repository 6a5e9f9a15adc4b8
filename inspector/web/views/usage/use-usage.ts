import { useEffect, useState } from 'preact/hooks'
import type { PanelProps } from '../panels.ts'
import { followUsage, noUsage, type Usage } from './samples.ts'

/** What the service uses, as long as it is shown. */
export function useUsage({ inspector, row }: PanelProps): Usage {
  const [usage, setUsage] = useState(noUsage)
  const client = inspector.client.value
  const { address = '' } = row
  useEffect(() => {
    setUsage(noUsage)
    if (client === null || !address.startsWith('service.')) return
    return followUsage(client, address.slice('service.'.length), setUsage)
  }, [client, address])
  return usage
}

export const percent = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} %`
export const megabytes = (value: number): string =>
  value >= 1024 ? `${(value / 1024).toFixed(2)} GB` : `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`
