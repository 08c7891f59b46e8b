/**
 * The theme: as the system has it, or as the visitor chose it, kept in this browser. Loaded before the first paint; the
 * button appears once the document is there. Other islands hear of a change by the event `themechange` on the document.
 */
type Theme = 'system' | 'light' | 'dark'

const STORED_AS = 'theme'
const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const LABELS: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' }
const ICONS: Record<Theme, readonly string[]> = {
  system: ['M4 5h16v11H4z', 'M9 20h6M12 16v4'],
  light: [
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
    'M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.600 17.600 19 19M19 5l-1.400 1.400M6.400 17.600 5 19',
  ],
  dark: ['M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z'],
}

/** Holds where storage is forbidden. */
let chosen: Theme = 'system'

apply(stored())
document.addEventListener('DOMContentLoaded', () => {
  const button = document.getElementById('theme')
  if (button === null) return
  show(button, stored())
  button.hidden = false
  button.addEventListener('click', () => {
    const theme = NEXT[stored()]
    store(theme)
    apply(theme)
    show(button, theme)
  })
  // Charts draw colours themselves: they have to hear of the system's change as well.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => announce())
})

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  announce()
}

function announce(): void {
  document.dispatchEvent(new Event('themechange'))
}

function show(button: HTMLElement, theme: Theme): void {
  const label = `Theme: ${LABELS[theme]}`
  button.setAttribute('aria-label', label)
  button.title = label
  const svg = element('svg', {
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': '1.8',
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
  })
  svg.append(...ICONS[theme].map((d) => element('path', { d })))
  button.replaceChildren(svg)
}

function element(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

function store(theme: Theme): void {
  chosen = theme
  try {
    localStorage.setItem(STORED_AS, theme)
  } catch {}
}

function stored(): Theme {
  try {
    const kept = localStorage.getItem(STORED_AS)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return chosen
  }
}
