import type { RunEvent } from '@vmunit/core'
import type { Lane, RunView } from './run-view.ts'
import { type Screen, tone } from './screen.ts'

/** How a run is shown while it goes on. Disposing it leaves the last state standing. */
export interface ProgressLines extends Disposable {
  /** A record came, and said something about these servers. */
  show(lanes: readonly Lane[], record: RunEvent): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const MARKS = { waiting: '·', working: '·', done: '✓', failed: '✗', returned: '↩' } as const
const FRAME_MS = 100
const STEP_WIDTH = 10

/** On a terminal one line for each server, which is drawn again and again; elsewhere one line for each step. */
export function createProgressLines(view: RunView, screen: Screen): ProgressLines {
  return screen.isTerminal ? createLiveLines(view, screen) : createPlainLines(view, screen)
}

function createLiveLines({ lanes }: RunView, screen: Screen): ProgressLines {
  let frame = 0
  const draw = (): void => {
    const spinner = FRAMES[frame % FRAMES.length] ?? ''
    screen.redraw(layOut(lanes).map(({ lane, text }) => paint(lane, { text, spinner, width: screen.columns })))
  }
  const timer = setInterval(() => {
    frame += 1
    draw()
  }, FRAME_MS)
  draw()
  return {
    show: draw,
    [Symbol.dispose]() {
      clearInterval(timer)
      draw()
    },
  }
}

function paint(
  lane: Lane,
  { text, spinner, width }: { readonly text: string; readonly spinner: string; readonly width: number },
): string {
  const { state, step, beganAt, endedAt } = lane
  const elapsed = beganAt === undefined ? '' : seconds((endedAt ?? Date.now()) - beganAt)
  const what = (state === 'working' ? step : state).padEnd(STEP_WIDTH)
  // A line that wraps could not be drawn again.
  const rest = `${text}  ${what}  ${elapsed}`.slice(0, width - 5)
  switch (state) {
    case 'waiting':
      return `  ${tone('dim', `· ${rest}`)}`
    case 'working':
      return `  ${tone('cyan', spinner)} ${rest}`
    case 'done':
      return `  ${tone('green', MARKS.done)} ${rest}`
    default:
      return `  ${tone('red', MARKS[state])} ${rest}`
  }
}

function createPlainLines({ lanes }: RunView, screen: Screen): ProgressLines {
  const texts = new Map(layOut(lanes).map(({ lane, text }) => [lane, text]))
  let since: number | undefined
  return {
    show(concerned, { type, time }) {
      since ??= time
      const isStep = type === 'step.began'
      if (!isStep && type !== 'change.done' && type !== 'change.failed') return
      for (const lane of concerned) {
        const [mark, what] = isStep ? ['·', lane.step] : [MARKS[lane.state], lane.state]
        screen.say(`${seconds(time - since).padStart(6)}  ${mark} ${texts.get(lane)}  ${what}`)
      }
    },
    [Symbol.dispose]() {},
  }
}

function layOut(lanes: readonly Lane[]): readonly { readonly lane: Lane; readonly text: string }[] {
  const width = (of: (lane: Lane) => string): number => Math.max(...lanes.map((lane) => of(lane).length))
  const address = width((lane) => lane.address)
  const name = width((lane) => lane.name)
  const action = width((lane) => lane.action)
  return lanes.map((lane) => ({
    lane,
    text: `${lane.address.padEnd(address)}  ${lane.name.padEnd(name)}  ${lane.action.padEnd(action)}`,
  }))
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
}
