import { signal } from '@preact/signals'

/** Light, dark, or as the system has it. It is kept for the next time. */
export type Theme = 'system' | 'light' | 'dark'

const key = 'hyphae.theme'

const kept = (): Theme => {
  try {
    const theme = localStorage.getItem(key)
    return theme === 'light' || theme === 'dark' ? theme : 'system'
  } catch {
    return 'system'
  }
}

export const theme = signal<Theme>('system')

export function setTheme(next: Theme): void {
  theme.value = next
  if (next === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
  try {
    localStorage.setItem(key, next)
  } catch {
    // It holds for this page, then.
  }
}

export const restoreTheme = (): void => setTheme(kept())
