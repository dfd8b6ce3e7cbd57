/** A made-up hypervisor, as the SDK of a vendor would have it: it keeps boxes, and images that boxes are made from. */
export interface BoxYard {
  boxes(): Promise<readonly Box[]>
  images(): Promise<readonly BoxImage[]>
  /** Begins to build; the box is `building` until it is done. Names and ids exist once. */
  build(box: Omit<Box, 'state'>): Promise<void>
  /** Sets a label, or takes it off. */
  label(id: string, key: string, value: string | undefined): Promise<Box>
  turn(id: string, state: 'on' | 'off'): Promise<void>
  scrap(id: string): Promise<void>
  /** Makes a box an image of this name, and the box is no more. */
  seal(id: string, image: BoxImage): Promise<void>
  discard(image: string): Promise<void>
}

export type Labels = Readonly<Record<string, string>>

export interface Box {
  /** Chosen by who builds it. A copy gets another one. */
  readonly id: string
  readonly name: string
  readonly image: string
  readonly state: 'building' | 'on' | 'off'
  readonly addresses: readonly string[]
  readonly labels: Labels
}

export interface BoxImage {
  readonly name: string
  readonly labels: Labels
}

export type YardProblem =
  | 'idTaken'
  | 'nameTaken'
  | 'noSuchBox'
  | 'noSuchImage'
  | 'imageInUse'
  | 'boxNotOff'
  | 'noAnswer'

/** How the yard says no. */
export class YardError extends Error {
  readonly problem: YardProblem

  constructor(problem: YardProblem, about: string) {
    super(`${problem}: ${about}`)
    this.problem = problem
  }
}

/** The yard and what only its owner can do there. */
export interface OwnYard extends BoxYard {
  /** Finishes what is being built, at once. */
  finishBuilding(): void
  /** While on, nothing that is being built is finished. */
  holdBuilding(on: boolean): void
  /** Everything of a box, its labels too, in a new one. */
  copy(id: string, as: { readonly id: string; readonly name: string }): void
}

/** Opens an empty yard. */
export function createBoxYard(...images: readonly BoxImage[]): OwnYard {
  const boxes = new Map<string, Box>()
  const shelf = new Map(images.map((image) => [image.name, image]))
  let isHeld = false

  function get(id: string): Box {
    const box = boxes.get(id)
    if (box === undefined) throw new YardError('noSuchBox', id)
    return box
  }

  function add(box: Box): void {
    if (boxes.has(box.id)) throw new YardError('idTaken', box.id)
    if ([...boxes.values()].some(({ name }) => name === box.name)) throw new YardError('nameTaken', box.name)
    if (!shelf.has(box.image)) throw new YardError('noSuchImage', box.image)
    boxes.set(box.id, box)
  }

  function finishBuilding(): void {
    if (isHeld) return
    for (const box of boxes.values()) if (box.state === 'building') boxes.set(box.id, { ...box, state: 'off' })
  }

  return {
    boxes: async () => [...boxes.values()],
    images: async () => [...shelf.values()],
    async build(box) {
      add({ ...box, state: 'building' })
      setTimeout(finishBuilding, 2)
    },
    async label(id, key, value) {
      const { [key]: _before, ...labels } = get(id).labels
      const box = { ...get(id), labels: value === undefined ? labels : { ...labels, [key]: value } }
      boxes.set(id, box)
      return box
    },
    turn: async (id, state) => void boxes.set(id, { ...get(id), state }),
    async scrap(id) {
      boxes.delete(get(id).id)
    },
    async seal(id, image) {
      if (get(id).state !== 'off') throw new YardError('boxNotOff', id)
      if (shelf.has(image.name)) throw new YardError('nameTaken', image.name)
      shelf.set(image.name, image)
      boxes.delete(id)
    },
    async discard(image) {
      if (!shelf.has(image)) throw new YardError('noSuchImage', image)
      if ([...boxes.values()].some((box) => box.image === image)) throw new YardError('imageInUse', image)
      shelf.delete(image)
    },
    finishBuilding,
    holdBuilding(on) {
      isHeld = on
      finishBuilding()
    },
    copy: (id, as) => add({ ...get(id), ...as, state: 'off' }),
  }
}
